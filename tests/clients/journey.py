"""A journey with the client that openapi-python-client makes of the contract."""

import pathlib
import re
import sys
import urllib.parse

import httpx
from kith_client import AuthenticatedClient, Client
from kith_client.api.accounts import confirm_email, log_in, register_account, show_me, update_me
from kith_client.api.photos import set_cover_photo, set_profile_photo
from kith_client.api.users import list_audit_events, set_role, show_user
from kith_client.models import (
    ConfirmEmailRequest,
    LogInRequest,
    Me,
    PhotoView,
    Problem,
    RegisterAccountRequest,
    Role,
    RoleChangedEvent,
    SetProfilePhotoFilesBody,
    SetRoleRequest,
    Tokens,
    UpdateMeRequest,
    UserView,
)
from kith_client.types import UNSET, File

BASE, ADDRESS, NAME, PICTURE = sys.argv[1:]
SOMEWHERE = {"kith-client-address": ADDRESS}


def mailed_token(email):
    httpx.post(f"{BASE}/_kith/settle")
    mails = httpx.get(f"{BASE}/_kith/mails?to={urllib.parse.quote(email)}").text
    return re.search(r"\?token=([A-Za-z0-9_.-]+)", mails).group(1)


def is_a(kind, answer):
    assert isinstance(answer, kind), answer
    return answer


def join(username, email):
    """Registers, confirms and logs in; the client of whoever is logged in."""
    anybody = Client(base_url=BASE, headers=SOMEWHERE)
    password = f"a long secret of {username}"
    new = RegisterAccountRequest(
        username=username, email=email, password=password, first_name="Ada", last_name="Lovelace"
    )
    answer = register_account.sync_detailed(client=anybody, body=new)
    assert answer.status_code == 201, answer
    proof = ConfirmEmailRequest(token=mailed_token(email), password=password)
    answer = confirm_email.sync_detailed(client=anybody, body=proof)
    assert answer.status_code == 204, answer
    tokens = is_a(Tokens, log_in.sync(client=anybody, body=LogInRequest(login=username, password=password)))
    return AuthenticatedClient(base_url=BASE, token=tokens.access_token, headers=SOMEWHERE)


ada = join(NAME, f"{NAME}@example.com")
root = join(f"{NAME}-root", f"{NAME}@admin.example.org")

# A photo, in a form.
with pathlib.Path(PICTURE).open("rb") as picture:
    form = SetProfilePhotoFilesBody(photo=File(payload=picture, file_name="me.png", mime_type="image/png"))
    photo = is_a(PhotoView, set_profile_photo.sync(client=ada, body=form))
assert not photo.is_default
assert httpx.get(photo.url).headers["content-type"] == "image/png"

# Another as the bytes that it is: whatever they are called, they are looked at.
with pathlib.Path(PICTURE).open("rb") as picture:
    cover = is_a(PhotoView, set_cover_photo.sync(client=ada, body=File(payload=picture)))
assert not cover.is_default

# Somebody else sees the public part, an admin all.
me = is_a(Me, show_me.sync(client=ada))
seen = is_a(UserView, show_user.sync(user_id=me.id, client=root))
assert seen.email == f"{NAME}@example.com", seen
appointed = is_a(Me, show_me.sync(client=root))
other = is_a(UserView, show_user.sync(user_id=appointed.id, client=ada))
assert other.email is UNSET, other

# Events differ by what was done.
set_role.sync(user_id=me.id, client=root, body=SetRoleRequest(role=Role.MODERATOR))
events = list_audit_events.sync(client=root, limit=100).items
changed = [event for event in events if isinstance(event, RoleChangedEvent) and event.user_id == me.id]
assert [event.after for event in changed] == [Role.MODERATOR], events

# Everything that is wrong, at once.
wrong = is_a(Problem, update_me.sync(client=ada, body=UpdateMeRequest(first_name="", username="a b")))
assert sorted(fault.pointer for fault in wrong.errors) == ["/first_name", "/username"], wrong

# Once too often: a problem, too, though what the gateway itself would answer is no problem document.
stranger = Client(base_url=BASE, headers=SOMEWHERE)
for _ in range(11):
    refused = log_in.sync_detailed(client=stranger, body=LogInRequest(login=f"{NAME}-nobody", password="a wild guess"))
assert refused.status_code == 429 and refused.parsed is not None, refused
