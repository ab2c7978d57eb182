from tests.api.doors import Door
from tests.factories import Cast
def test_x(cast, agent, session):
    r = agent.decide(session)
    print(r.status_code, r.content, dict(r.headers))
    assert r.status_code == 202
