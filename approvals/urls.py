"""Where requests for approval are found, and how people sign in."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as second
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as sso
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.conf import settings
from django.urls import include, path
from django.views.decorators.http import require_POST

from approvals.api import grants
from approvals.api import questions as questions_api
from approvals.api import routes as routes_api
from approvals.api import views as api
from approvals.views import (
    batches,
    changing,
    detail,
    granting,
    inbox,
    marking,
    profile,
    questions,
    revealing,
    routes,
    schedules,
    signin,
)
from approvals.views.leaving import leading_away

pages = [
    path("", inbox.home, name="home"),
    path("inbox", inbox.inbox, name="inbox"),
    path("a/<str:approval_id>", detail.detail, name="detail"),
    path("a/<str:approval_id>/alike", batches.alike, name="alike"),
    path("a/<str:approval_id>/approve", detail.approve, name="approve"),
    path("a/<str:approval_id>/ask", questions.ask, name="ask"),
    path("a/<str:approval_id>/reveal", revealing.reveal, name="reveal"),
    path("a/<str:approval_id>/looking", questions.looking, name="looking"),
    path("a/<str:approval_id>/snooze", marking.put_aside, name="snooze"),
    path("a/<str:approval_id>/watch", marking.follow, name="watch"),
    path("a/<str:approval_id>/assign", marking.assign, name="assign"),
    path("a/<str:approval_id>/extend", marking.extend, name="extend"),
    path("a/<str:approval_id>/escalate", marking.escalate, name="escalate"),
    path("asked", questions.asked, name="asked"),
    path("asked/<str:question_id>", questions.answer, name="answer"),
    path("a/<str:approval_id>/change", changing.change, name="change"),
    path("a/<str:approval_id>/deny", detail.deny, name="deny"),
    path("a/<str:approval_id>/grant", granting.grant, name="grant"),
    path("grants/<str:grant_id>/revoke", granting.revoke, name="revoke"),
    path("a/<str:approval_id>/withdraw", detail.withdraw, name="withdraw"),
]

people = [
    path("routes", routes.route_list, name="index"),
    path("routes/teams", routes.team_change, name="team"),
    path("routes/absences", routes.absence_new, name="absence"),
    path("routes/absences/end", routes.absence_end, name="absence-end"),
    path("routes/covers", routes.cover_new, name="cover"),
    path("routes/covers/end", routes.cover_end, name="cover-end"),
    path("routes/schedules/new", schedules.schedule_new, name="schedule-new"),
    path("routes/schedules/<slug:name>", schedules.schedule_edit, name="schedule"),
]

# The library's views that we use, one by one: sign-up, addresses and resets by mail have none here.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", require_POST(account.logout), name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("second/", second.authenticate, name="mfa_authenticate"),
    path("second/reauthenticate/", second.reauthenticate, name="mfa_reauthenticate"),
    path("passkeys/login/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/reauthenticate/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("app/on/", app.activate_totp, name="mfa_activate_totp"),
    path("app/off/", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("oidc/<slug:provider_id>/login/", leading_away(oidc.login), name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", oidc.callback, name="openid_connect_callback"),
    path("oidc/cancelled/", sso.login_cancelled, name="socialaccount_login_cancelled"),
    path("oidc/error/", sso.login_error, name="socialaccount_login_error"),
    path("link/<str:token>", signin.sign_in_link, name="sign-in-link"),
]

if settings.AARM_HAS_SAML:
    accounts.append(path("saml/", include("approvals.views.saml")))

urlpatterns = [
    path("", include((pages, "approvals"))),
    path("", include((people, "routes"))),
    path("api/v1/routes", routes_api.RouteListView.as_view(), name="routes-api"),
    path("accounts/", include(accounts)),
    path("profile", profile.profile, name="profile"),
    # Where the library goes when something about an account has changed.
    path("profile", profile.profile, name="mfa_index"),
    path("profile", profile.profile, name="mfa_list_webauthn"),
    path("profile/sign-out-others", profile.sign_out_others, name="sign-out-others"),
    path("api/v1/approvals", api.ApprovalListView.as_view(), name="approvals-api"),
    path("api/v1/approvals/<str:approval_id>", api.ApprovalDetailView.as_view(), name="approval-api"),
    path("api/v1/approvals/<str:approval_id>/votes", api.ApprovalVoteView.as_view(), name="approval-votes"),
    path(
        "api/v1/approvals/<str:approval_id>/votes/challenge",
        api.ApprovalChallengeView.as_view(),
        name="approval-challenge",
    ),
    path("api/v1/approvals/<str:approval_id>/extend", api.ApprovalExtendView.as_view(), name="approval-extend"),
    path("api/v1/approvals/<str:approval_id>/escalate", api.ApprovalEscalateView.as_view(), name="approval-escalate"),
    path(
        "api/v1/approvals/<str:approval_id>/questions",
        questions_api.ApprovalQuestionView.as_view(),
        name="approval-questions",
    ),
    path(
        "api/v1/approvals/<str:approval_id>/claim-review",
        questions_api.ApprovalReviewClaimView.as_view(),
        name="approval-claim-review",
    ),
    path("api/v1/approvals/<str:approval_id>/reveal", api.ApprovalRevealView.as_view(), name="approval-reveal"),
    path("api/v1/grants", grants.GrantListView.as_view(), name="grants-api"),
    path("api/v1/grants/<str:grant_id>/revoke", grants.GrantRevokeView.as_view(), name="grant-revoke"),
    path("api/v1/approvals/<str:approval_id>/reassign", api.ApprovalReassignView.as_view(), name="approval-reassign"),
]
