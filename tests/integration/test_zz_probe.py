from __future__ import annotations
import json, threading, time
from pathlib import Path
import pytest
from django.db import connection, connections
from decisions.services.policies import publish_policy
from decisions.models import *
from approvals.models import ApprovalRequest, User, Vote
from receipts.models import Payload, Receipt
from receipts.clock import database_now
from receipts.signing.canonical import canonical_bytes, digest
from tests.api.doors import Door, door_of
from tests.factories import *
pytestmark = pytest.mark.django_db

@pytest.fixture
def cast(db): return make_cast()
@pytest.fixture
def agent(cast): return Door(cast.agent_key)
@pytest.fixture
def host(cast): return Door(cast.host_key)
@pytest.fixture
def session(cast): return begin_session(cast)

def supply(door, d, value, field="maintenance_window"):
    return door.post(f"/api/v1/deferrals/{d['deferral']['id']}/evidence", {"field": field, "value": value, "source": "cal"})

def test_tampered_payload_claim(cast, agent, session):
    step = open_step_up(cast, session_id=session); vote(step, cast.bob)
    d = Decision.objects.get(pk=step.answer["decision_id"])
    p = d.payload
    Payload.objects.filter(pk=p.pk).update(content=canonical_bytes({"parameters/to": "evil@evil.example", "parameters/subject": "x", "parameters/body": "y"}))
    r = agent.claim(step.answer)
    print("TAMPER CLAIM", r.status_code, r.content[:300])
    step2 = open_step_up(cast, session_id=session); vote(step2, cast.bob)
    d = Decision.objects.get(pk=step2.answer["decision_id"])
    Payload.objects.filter(pk=d.payload_id).update(content=None, seed=None, erased_at=database_now())
    r = agent.claim(step2.answer)
    print("ERASED CLAIM", r.status_code, r.content[:300], agent.read(step2.answer).get("parameters"))

def test_tampered_snapshot_vote(cast, session):
    step = open_step_up(cast, session_id=session)
    s = step.approval.snapshot
    v = json.loads(bytes(s.content)); v["parameters"] = {"to": "bob@corp.example"}
    Payload.objects.filter(pk=s.pk).update(content=canonical_bytes(v))
    door = door_of(cast.bob)
    a = door.get(f"/api/v1/approvals/{step.approval.pk}").json()
    r = door.post(f"/api/v1/approvals/{step.approval.pk}/votes", {"verdict": "approve", "view_digest": a["view_digest"], "version": a["version"]})
    print("TAMPER SNAP", a["snapshot"]["parameters"], r.status_code, r.json().get("state"))

def test_deferral_allowed_never_expires_on_get(cast, agent, host, session, move_clock):
    d = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}, action_id="A").json()
    supply(host, d, "open")
    move_clock(1800 + 5)
    got = agent.read(d)
    r = agent.claim(got)
    print("DEFER ALLOWED after window: GET", got["effective"], got.get("parameters"), "claim", r.status_code, r.json()["code"])
    b = agent.decide(session, "email.send", parameters={"to": "bob@corp.example"}, depends_on=["A"]).json()
    print("dependant on expired", b["decision"], b["effective"])

def test_fact_changed_before_claim(cast, agent, host, session):
    d = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    supply(host, d, "open")
    got = supply(host, d, "closed").json()
    fresh = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    r = agent.claim(got)
    print("FACT CLOSED: fresh decision", fresh["effective"], fresh["rule_id"], "claim of old:", r.status_code)
    step = open_step_up(cast, session_id=session); vote(step, cast.bob)
    agent.decide(session, "database.query", parameters={"table": "customers", "limit": 5})
    r2 = agent.decide(session, "email.send").json()
    print("PII after approval: fresh", r2["effective"], "claim old", agent.claim(step.answer).status_code)

def test_tools_evicted(cast, agent, session):
    publish_policy(text='''
policy: {id: t, version: "1", default: DENY}
rules:
  - {id: q, match: {tool: vault.read}, action: ALLOW, priority: 1}
  - {id: no, match: {tool: web.post, context: {tools_used: {contains: vault.read}}}, action: DENY, priority: 9}
  - {id: yes, match: {tool: web.post}, action: ALLOW, priority: 1}
''', source="x", actor=None)
    print("vault", agent.decide(session, "vault.read").json()["effective"], "then post:", agent.decide(session, "web.post").json()["effective"])
    s2 = begin_session(cast)
    for i in range(200):
        agent.decide(s2, f"a{i:03}.x", parameters={})
    print("after 200 denied names: vault", agent.decide(s2, "vault.read").json()["effective"], "post", agent.decide(s2, "web.post").json()["effective"])

def test_denied_counts_as_used(cast, agent, session):
    publish_policy(text='''
policy: {id: t, version: "1", default: DENY}
rules:
  - {id: yes, match: {tool: deploy.run, context: {tools_used: {contains: tests.run}}}, action: ALLOW, priority: 1}
''', source="x", actor=None)
    a = agent.decide(session, "tests.run").json(); b = agent.decide(session, "deploy.run").json()
    print("DENIED COUNTS", a["effective"], b["effective"])

def test_tool_case_registration(cast, agent, host, session):
    r0 = host.post("/api/v1/tools", {"tools": [{"name": "EMAIL.Send", "effect": "read"}]})
    print("TOOLCASE register", r0.status_code, Tool.objects.filter(tool__iexact="email", operation__iexact="send").values_list("tool", "operation", "effect"))
    from django.db import transaction
    with transaction.atomic():
        sid = transaction.savepoint()
        r = agent.decide(session, "email.send", parameters={"to": "bob@corp.example"})
        print("TOOLCASE decide", r.status_code, r.content[:200])

def test_big_facts(cast, agent, host, session):
    d = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    big = "x" * 1_000_000
    t = time.time()
    for i in range(20):
        r = supply(agent, d, big, field=f"f{i}")
        assert r.status_code == 200, r.content[:200]
    t1 = time.time()
    r = agent.decide(session, "email.send", parameters={"to": "bob@corp.example"})
    print("BIG FACTS: 20 took", round(t1 - t, 1), "one decide then", round(time.time() - t1, 2), r.status_code, "state bytes", len(json.dumps(Session.objects.get(pk=session).state)))
    for i in range(20, 64): supply(agent, d, 1, field=f"f{i}")
    r = supply(host, d, "open")
    print("HOST blocked:", r.status_code, r.json().get("code"))

def test_kinds_unbounded(cast, agent, session):
    a = agent.decide(session, "email.send", parameters={"to": "bob@corp.example"}).json()
    for i in range(20):
        r = agent.report(a, data_classification=[f"{i}-{j}-" + "k" * 110 for j in range(64)])
        assert r.status_code == 200, r.content
    s = Session.objects.get(pk=session)
    print("KINDS", len(s.state["kinds"]), len(json.dumps(s.state)))

def test_float_fact_in_jsonb(cast, agent, host, session):
    d = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    for v in (9007199254740991.0, 1e15, 1.0, 1e-7, 123456789012345.6, 1e-300, 5e-324):
        r = supply(host, d, v, field="n")
        s = Session.objects.get(pk=session)
        e = ContextEntry.objects.filter(session=session).order_by("-position").first()
        b = json.loads(bytes(e.body))
        print("FLOAT", v, r.status_code, s.state["facts"]["n"]["value"], b["state"] == digest(s.state))

def test_state_digest_leak(cast, agent, host, session):
    d = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    supply(host, d, "4711", field="pin")
    e = agent.get(f"/api/v1/sessions/{session}/entries").json()["results"]
    ent = [x["body"] for x in e if x["body"]["kind"] == "evidence"][0]
    before = agent.get(f"/api/v1/sessions/{session}").json()
    for guess in range(10000):
        st = {"count": before["actions"], "kinds": before["data_kinds"], "tools": before["tools"], "facts": {"pin": {"value": f"{guess:04}", "trust": ent["trust"], "source": ent["source"], "at": ent["at"]}}}
        if digest(st) == ent["state"]:
            print("STATE LEAK found", guess); break
    else:
        print("no leak", ent)

def test_human_blank(cast, host):
    r = host.post("/api/v1/sessions", {"human": "   ", "agent": "demo-agent", "original_request": "x"})
    print("BLANK HUMAN", r.status_code, r.content[:200])
    for h in ("alice@corp.example\u200b", "\uff41lice@corp.example", "mailto:alice@corp.example", "Alice <alice@corp.example>", "ß" * 200):
        r = host.post("/api/v1/sessions", {"human": h, "agent": "demo-agent", "original_request": "x"})
        print("HUMAN", ascii(h)[:40], r.status_code, r.content[:120])

def test_self_approval_spellings(cast, host, agent):
    for h in ("bob@corp.example", " BOB@corp.example ", "bob", "bob@corp.example\u200b", "\uff42ob@corp.example", "bob@corp.example."):
        sid = begin_session(cast, human=h)
        step = open_step_up(cast, session_id=sid)
        try:
            vote(step, cast.bob); print("SELF approved by", ascii(h))
        except Exception as e: print("SELF refused", ascii(h), e)

def test_two_accounts_same_email(cast, agent):
    step = None
    publish_policy(text='''
policy: {id: t, version: "1", default: DENY}
rules:
  - {id: q, match: {tool: email.send}, action: STEP_UP, approvers: [{group: security-team, count: 2}]}
''', source="x", actor=None)
    b2 = make_person("bob2", teams=(SECURITY,), email="Bob@corp.example")
    step = open_step_up(cast)
    vote(step, cast.bob); r = vote(step, b2)
    print("TWO ACCOUNTS one address:", r.state)

def test_idem(cast, agent, session):
    r = agent.decide(session, key="k", parameters={"to": "bob@corp.example", "a": None})
    r2 = agent.decide(session, key="k", parameters={"to": "bob@corp.example"})
    print("IDEM null", r.status_code, r2.status_code, r.json().get("parameters"))
    r = agent.decide(session, key="action:foo", parameters={"to": "bob@corp.example"})
    r2 = agent.decide(session, parameters={"to": "bob@corp.example"}, action_id="foo")
    print("IDEM action key", r.status_code, r2.status_code, r2.content[:100])
    r = agent.decide(session, parameters={"to": "bob@corp.example"}, action_id="zed")
    r2 = agent.decide(session, parameters={"to": "bob@corp.example"}, action_id="zed", key="newkey")
    print("IDEM action under key", r.status_code, r2.status_code)
    key2 = issue_key(owner=Agent.objects.get(pk=cast.agent.id), at=database_now())
    r3 = Door(key2).decide(session, parameters={"to": "bob@corp.example"}, action_id="zed")
    print("IDEM other credential", r3.status_code, r3.content == r.content)

def test_defer_stale_policy_snapshot(cast, agent, host, session):
    text = '''
policy: {id: t, version: "%s", default: DENY}
rules:
  - {id: w, match: {tool: x.y}, action: DEFER, context_needed: [fact], priority: 5, risk_level: LOW}
  - {id: s, match: {tool: x.y, facts: {fact: go}}, action: STEP_UP, approvers: [security-team], priority: 1, risk_level: CRITICAL}
'''
    publish_policy(text=text % 1, source="x", actor=None)
    d = agent.decide(session, "x.y", parameters={"limit": 5000}).json()
    publish_policy(text=text % 2, source="x", actor=None)
    got = supply(host, d, "go", field="fact").json()
    ap = ApprovalRequest.objects.get(pk=got["approval"]["id"])
    print("STALE POLICY snapshot", ap.shown["policy_version"], "answer policy", got["policy"]["version"], "risk answer", got["risk_level"], "approval", ap.risk_level)

def test_defer_modify(cast, agent, host, session):
    text = '''
policy: {id: t, version: "1", default: DENY}
rules:
  - {id: a, match: {tool: a.b}, action: STEP_UP, approvers: [security-team]}
  - {id: m, match: {tool: x.y}, action: MODIFY, modifications: {cap: {limit: 100}}, priority: 9}
  - {id: w, match: {tool: z.z}, action: DEFER, context_needed: [fact], priority: 5}
  - {id: zm, match: {tool: z.z, facts: {fact: go}}, action: MODIFY, modifications: {cap: {limit: 100}}, priority: 1}
  - {id: q, match: {tool: q.q}, action: DEFER, context_needed: [fact], priority: 9}
  - {id: qm, match: {tool: q.q, facts: {fact: go}, parameters: {limit: {gt: 100}}}, action: MODIFY, modifications: {cap: {limit: 100}}, priority: 3}
  - {id: qs, match: {tool: q.q, facts: {fact: go}}, action: STEP_UP, approvers: [security-team], priority: 1}
'''
    publish_policy(text=text, source="x", actor=None)
    a = agent.decide(session, "a.b", parameters={}, action_id="first").json()
    b = agent.decide(session, "x.y", parameters={"limit": 5000}, depends_on=["first"]).json()
    ap = ApprovalRequest.objects.get(pk=a["approval"]["id"])
    vote(StepUp(approval=ap, answer=a), cast.bob)
    from decisions.services.deferrals import expire_due
    expire_due()
    got = agent.read(b); print("DEP MODIFY", got["decision"], got["effective"], got.get("parameters"), got.get("modifications"))
    dfr = Deferral.objects.get(pk=b["deferral"]["id"])
    print("  final payload asked:", json.loads(bytes(dfr.payload.content)), agent.claim(got).content[:300])
    z = agent.decide(session, "z.z", parameters={"limit": 5000}).json()
    got = supply(host, z, "go", field="fact").json()
    print("EVID MODIFY", got["effective"], got.get("parameters"), got["action_digest"] == z["action_digest"], agent.claim(z).status_code, agent.claim(got).json().get("parameters"))
    q = agent.decide(begin_session(cast), "q.q", parameters={"limit": 5000}).json()
    got = supply(host, q, "go", field="fact").json()
    print("MODIFY+STEPUP", got.get("approval"), got.get("reason_code"), got.get("rule_id"))
    if got.get("approval"):
        ap = ApprovalRequest.objects.get(pk=got["approval"]["id"]); sh = ap.shown
        print("   snapshot", sh["parameters"], "orig", sh.get("original_parameters"), sh.get("modifications"))

def test_dependency_expired_before_claim(cast, agent, session, move_clock):
    text = '''
policy: {id: t, version: "1", default: DENY}
rules:
  - {id: a, match: {tool: a.b}, action: STEP_UP, approvers: [security-team], timeout: 3600}
  - {id: m, match: {tool: x.y}, action: ALLOW}
'''
    publish_policy(text=text, source="x", actor=None)
    from decisions.services.deferrals import expire_due
    a = agent.decide(session, "a.b", parameters={}, action_id="first").json()
    b = agent.decide(session, "x.y", parameters={}, depends_on=["first"]).json()
    print("DEP timeouts a", a["approval"]["expires_at"], "b", b["deferral"]["expires_at"])
    vote(StepUp(approval=ApprovalRequest.objects.get(pk=a["approval"]["id"]), answer=a), cast.bob)
    move_clock(200)
    expire_due()
    move_clock(1650)
    print("DEP a now", agent.read(a)["effective"], "b claim", agent.claim(agent.read(b)).status_code)

def test_starvation(cast, agent, session):
    text = '''
policy: {id: t, version: "1", default: DENY}
rules:
  - {id: a, match: {tool: a.b}, action: STEP_UP, approvers: [security-team], timeout: 3600}
  - {id: m, match: {tool: x.y}, action: ALLOW}
'''
    publish_policy(text=text, source="x", actor=None)
    from decisions.services.deferrals import expire_due
    last = None
    for i in range(101):
        s = begin_session(cast)
        a = agent.decide(s, "a.b", parameters={}, action_id=f"f{i}").json()
        b = agent.decide(s, "x.y", parameters={}, depends_on=[f"f{i}"]).json()
        last = (a, b)
    a, b = last
    vote(StepUp(approval=ApprovalRequest.objects.get(pk=a["approval"]["id"]), answer=a), cast.bob)
    n = [expire_due() for _ in range(5)]
    print("STARVE", n, agent.read(b)["effective"])

def test_asserted_lost(cast, agent, host, session):
    text = '''
policy: {id: t, version: "1", default: DENY}
rules:
  - {id: w, match: {tool: x.y}, action: DEFER, context_needed: [win], priority: 5}
  - {id: s, match: {tool: x.y, facts: {win: go, note: ok}}, trust: asserted, action: ALLOW, priority: 1}
'''
    try: publish_policy(text=text, source="x", actor=None)
    except Exception as e: print("ASSERT policy", e.why); return
    d = agent.decide(session, "x.y", parameters={}, facts={"note": "ok"}).json()
    got = supply(host, d, "go", field="win").json()
    fresh = agent.decide(session, "x.y", parameters={}, facts={"note": "ok"}).json()
    print("ASSERTED lost: deferral", got["effective"], "fresh", fresh["effective"])

def test_wrong_key(cast, agent, session, settings, tmp_path):
    from receipts.signing.keys import SigningKey
    from receipts.identifiers import new_seed
    from receipts.selectors import check_receipt
    p = tmp_path / "other.pem"; p.write_bytes(SigningKey.from_seed(new_seed()).to_pem())
    settings.AARM_SIGNING_KEY_PATH = p
    r = agent.decide(session, "email.send", parameters={"to": "bob@corp.example"})
    rc = Receipt.objects.get(pk=r.json()["receipt"]["id"])
    print("WRONG KEY", r.status_code, r.json()["effective"], check_receipt(rc))
    from receipts.models import PublishedKey
def test_revoked_key(cast, agent, session):
    from receipts.models import PublishedKey
    PublishedKey.objects.update(revoked_at=database_now())
    r = agent.decide(session, "email.send", parameters={"to": "bob@corp.example"})
    print("REVOKED KEY", r.status_code, r.json()["effective"])

def test_nul_and_odd_paths(cast, agent, session):
    for path in ("/api/v1/decisions/%00", "/api/v1/sessions/a%00b", "/api/v1/receipts?tool=%00", "/api/v1/receipts?q=a%00", "/api/v1/receipts/%00", "/api/v1/receipts?since=0001-01-01T00:00:00%2B14:00", "/api/v1/receipts?until=9999-12-31T23:59:59-14:00", "/api/v1/receipts?cursor=9999-12-31T23:59:59-14:00~x%00", "/api/v1/decisions/%ed%a0%80"):
        r = agent.get(path); print("PATH", path, r.status_code)
    r = agent.client.post("/decide", b"{}", content_type="application/json", headers={"Authorization": f"Bearer {cast.agent_key}", "Content-Length": "abc"})
    print("CL", r.status_code)
    r = agent.client.generic("POST", "/decide", b"{}", content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {cast.agent_key}", CONTENT_LENGTH="abc")
    print("CL2", r.status_code)
    r = agent.client.generic("POST", "/api/v1/approvals/x/votes", b"{}", content_type="text/plain")
    print("vote anon", r.status_code)
    for m in ("GET", "HEAD", "PUT", "OPTIONS", "DELETE"):
        r = agent.client.generic(m, "/decide", b"", HTTP_AUTHORIZATION=f"Bearer {cast.agent_key}")
        print(m, r.status_code, r.headers.get("Allow"))
    d = door_of(cast.bob)
    r = d.client.post("/decide", b"{}", content_type="application/json"); print("cookie decide", r.status_code)

def test_cancel_stale(cast, agent, host, session):
    pass

def test_evidence_after_end(cast, agent, host, session):
    d = agent.decide(session, "credentials.rotate", parameters={"name": "ci"}).json()
    s = open_step_up(cast, session_id=session)
    host.post(f"/api/v1/sessions/{session}/end")
    r = supply(host, d, "open")
    print("EVID after end", r.status_code, r.json().get("effective"), "parameters" in r.json(), "claim", agent.claim(r.json()).json().get("code"))
    print("APPROVAL of ended session still", ApprovalRequest.objects.get(pk=s.approval.pk).state)
    v = vote(s, cast.bob); print(" voted", v.state, agent.read(s.answer)["effective"], agent.claim(s.answer).json().get("code"))

def test_members(cast, agent, session):
    n = 40000
    r = agent.decide(session, "email.send", parameters={"to": "ana@partner.example", "l": [1] * n})
    print("MEMBERS", n, r.status_code, r.content[:120])
    publish_policy(text='''
policy: {id: t, version: "1", default: DENY}
rules:
  - {id: m, match: {tool: x.y}, action: MODIFY, modifications: {replace: {big: 1}}, priority: 9}
''', source="x", actor=None)
    for n in (9000, 15000, 18000, 19900):
        r = agent.decide(session, "x.y", parameters={"big": [1] * n, "o": [1] * 10})
        print("MEMBERS2", n, r.status_code, r.json().get("effective"), r.json().get("code"))
        if r.status_code == 200:
            print("  read", agent.get(f"/api/v1/decisions/{r.json()['decision_id']}").status_code)

def test_claim_refusal_no_expiry_receipt(cast, agent, session, move_clock):
    step = open_step_up(cast, session_id=session)
    move_clock(4000)
    r = agent.claim(step.answer)
    print("EXPIRED CLAIM", r.status_code, ApprovalRequest.objects.get(pk=step.approval.pk).state, [x.type for x in Receipt.objects.filter(decision_id=step.answer["decision_id"])])
    n = Receipt.objects.count()
    for _ in range(50): agent.claim(step.answer)
    print("REFUSAL receipts per claim", Receipt.objects.count() - n)

def test_agent_sees_vote_receipts(cast, agent, session):
    step = open_step_up(cast, session_id=session); vote(step, cast.bob)
    rs = agent.get("/api/v1/receipts").json()["results"]
    print("AGENT SEES", [(r["type"], r["approver_id"]) for r in rs if r["approver_id"]])

def test_reactivate(cast):
    from decisions.services.registration import register_agent
    Agent.objects.update(is_active=False)
    register_agent(name="demo-agent")
    from decisions.services.identity import authenticate
    print("REACTIVATED old key works:", authenticate(cast.agent_key).name)

def test_group_renamed_same_name(cast, agent, session):
    pass
