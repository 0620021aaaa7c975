"""The helpers' desk: presence, the queue, conversations, and what holds for the whole house (docs/desk-api.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from api.accounts.guard import require
from api.accounts.identity import Permission, User
from api.desk import approvals, canned, duty, handling, house, promotions, queue, suggestions, talk
from api.desk.life import TicketState
from api.desk.schemas import (
    AllCannedOut,
    AllHeldOut,
    CannedIn,
    CannedOut,
    ClosingIn,
    ColleaguesOut,
    EditIn,
    FoundTicketsOut,
    HeldOut,
    HouseOut,
    ModeIn,
    NoteIn,
    NoteOut,
    NoticeIn,
    PresenceIn,
    PresenceOut,
    PromotionIn,
    PromotionOut,
    PromotionsOut,
    ReadIn,
    ReplyIn,
    ResolutionIn,
    SuggestionsOut,
    TicketOut,
    TicketsOut,
    TransferIn,
    WholeTicketOut,
)
from api.problems import documented
from api.routes.door import Door, JsonRoute
from api.schemas import ItemId, MessageOut
from api.text_door import VisitorText

router = APIRouter(prefix="/api/v1/desk", tags=["helpers"], route_class=JsonRoute)

Helper = Annotated[User, Depends(require(Permission.HANDLE_TICKETS))]
Supervisor = Annotated[User, Depends(require(Permission.SEE_SUPERVISION))]
Maintainer = Annotated[User, Depends(require(Permission.KEEP_KNOWLEDGE))]
ID = r"^[0-9a-f]{32}$"
Id = Annotated[str, Path(pattern=ID, description="as lists and events give it")]
CannedId = Annotated[ItemId, Path()]

LOOKING = documented(401, 403, 422)
ONE = documented(401, 403, 404, 422)
CHANGING = documented(400, 401, 403, 404, 409, 413, 415, 422)


@router.get("/presence", responses=LOOKING)
async def read_presence(door: Door, helper: Helper) -> PresenceOut:
    """Where the caller stands."""
    async with door.database.reading() as work:
        row = await work.presences.get(helper.username)
        loads = await work.tickets.open_by_helper()
    return PresenceOut(username=helper.username, state=duty.shown(row), open=loads.get(helper.username, 0))


@router.put("/presence", responses=CHANGING)
async def put_presence(wish: PresenceIn, door: Door, helper: Helper) -> PresenceOut:
    """Say whether conversations are taken; also the sign of life that holds the presence, every 15 s.

    Going `offline` lets what the caller has in hand wait again.
    """
    if wish.state == "offline":
        await handling.let_go(door, helper)
    async with door.database.writing() as work:
        row = await duty.sign_of_life(work, helper, wish.state)
        loads = await work.tickets.open_by_helper()
        await work.commit()
    door.feed.wake()
    return PresenceOut(username=helper.username, state=duty.shown(row), open=loads.get(helper.username, 0))


@router.get("/tickets", responses=LOOKING)
async def read_tickets(door: Door, helper: Helper, state: TicketState, mine: bool = False) -> TicketsOut:
    """The tickets in a state, longest waiting first; of the resolved ones the newest."""
    return TicketsOut(tickets=await queue.tickets(door, helper, state, mine))


@router.get("/tickets/{ticket_id}", responses=ONE)
async def read_ticket(ticket_id: Id, door: Door, helper: Helper) -> WholeTicketOut:
    """A ticket with its conversation, suggestions and notes. The look is written into the audit log."""
    return await queue.whole(door, helper, ticket_id)


@router.post("/tickets/{ticket_id}/accept", responses=CHANGING)
async def accept(ticket_id: Id, door: Door, helper: Helper) -> TicketOut:
    """Take a queued ticket. Exactly one helper wins; the others get 409 `ticket-taken`."""
    return await handling.accept(door, helper, ticket_id)


@router.post("/tickets/{ticket_id}/messages", status_code=201, responses=CHANGING)
async def say(ticket_id: Id, reply: ReplyIn, door: Door, helper: Helper) -> MessageOut:
    """Say something to the visitor, insert an entry, or both. The same client_id says nothing twice."""
    return await talk.say(door, helper, ticket_id, reply)


@router.post("/tickets/{ticket_id}/transfer", responses=CHANGING)
async def transfer(ticket_id: Id, wish: TransferIn, door: Door, helper: Helper) -> TicketOut:
    """Pass the ticket to a colleague or a group; it waits again, offered there first."""
    return await handling.transfer(door, helper, ticket_id, wish)


@router.post("/tickets/{ticket_id}/return", responses=CHANGING)
async def give_back(ticket_id: Id, door: Door, helper: Helper) -> TicketOut:
    """Let the assistant answer again."""
    return await handling.give_back(door, helper, ticket_id)


@router.post("/tickets/{ticket_id}/resolve", responses=CHANGING)
async def resolve(ticket_id: Id, wish: ResolutionIn, door: Door, helper: Helper) -> TicketOut:
    """End the conversation with an outcome."""
    return await handling.resolve(door, helper, ticket_id, wish)


@router.post("/tickets/{ticket_id}/notes", status_code=201, responses=CHANGING)
async def note(ticket_id: Id, told: NoteIn, door: Door, helper: Helper) -> NoteOut:
    """Write a note for colleagues; visitors never see it."""
    return await talk.note(door, helper, ticket_id, told)


@router.post("/tickets/{ticket_id}/typing", status_code=204, responses=CHANGING)
async def typing(ticket_id: Id, door: Door, helper: Helper) -> Response:
    """Show the visitor that somebody types."""
    await talk.typing(door, helper, ticket_id)
    return Response(status_code=204)


@router.post("/tickets/{ticket_id}/read", status_code=204, responses=CHANGING)
async def read(ticket_id: Id, told: ReadIn, door: Door, helper: Helper) -> Response:
    """Note up to which message the helper has read."""
    await talk.read(door, helper, ticket_id, told.sequence)
    return Response(status_code=204)


@router.get("/suggestions", responses=ONE)
async def suggest(
    door: Door,
    helper: Helper,
    q: Annotated[VisitorText, Query()],
    language: Literal["zh", "en"] = "zh",
    ticket_id: Annotated[str | None, Query(pattern=ID, description="whose conversation the words follow up")] = None,
) -> SuggestionsOut:
    """Entries for any words; `language` is the visitor's."""
    return SuggestionsOut(suggestions=await suggestions.for_words(door, q, language, ticket_id))


@router.get("/canned", responses=LOOKING)
async def read_canned(
    door: Door,
    helper: Helper,
    retired: Annotated[bool, Query(description="with those that were taken away")] = False,
) -> AllCannedOut:
    """Every canned reply."""
    return AllCannedOut(canned=await canned.everything(door, retired), variables=list(canned.VARIABLES))


@router.put("/canned/{canned_id}", responses=CHANGING)
async def put_canned(canned_id: CannedId, wish: CannedIn, door: Door, supervisor: Supervisor) -> CannedOut:
    """Write a canned reply, new or in the place of another."""
    return await canned.put(door, supervisor, canned_id, wish)


@router.delete("/canned/{canned_id}", status_code=204, responses=ONE)
async def remove_canned(canned_id: CannedId, door: Door, supervisor: Supervisor) -> Response:
    """Take a canned reply away."""
    await canned.remove(door, supervisor, canned_id)
    return Response(status_code=204)


@router.get("/search", responses=LOOKING)
async def search(door: Door, helper: Helper, q: Annotated[VisitorText, Query()]) -> FoundTicketsOut:
    """Tickets by number, words or item, newest first. The search is written into the audit log."""
    return FoundTicketsOut(tickets=await queue.search(door, helper, q))


@router.get("/house", responses=LOOKING)
@router.get("/notice", responses=LOOKING)
@router.get("/mode", responses=LOOKING)
async def read_house(door: Door, helper: Helper) -> HouseOut:
    """The notice, the mode, and whether the desk is open."""
    async with door.database.reading() as work:
        return await house.house(door, work)


@router.put("/notice", responses=CHANGING)
async def put_notice(wish: NoticeIn, door: Door, supervisor: Supervisor) -> HouseOut:
    """Show something to every visitor, at once and until it is taken away."""
    return await house.put_notice(door, supervisor, wish)


@router.put("/mode", responses=CHANGING)
async def put_mode(wish: ModeIn, door: Door, supervisor: Supervisor) -> HouseOut:
    """Send everyone to people, or let answers to chosen items wait for a helper's yes."""
    return await house.put_mode(door, supervisor, wish)


@router.get("/approvals", responses=LOOKING)
async def read_approvals(door: Door, helper: Helper) -> AllHeldOut:
    """Answers that wait for a helper's yes, oldest first."""
    return AllHeldOut(approvals=await approvals.waiting(door))


@router.post("/approvals/{held_id}/approve", responses=CHANGING)
async def approve(held_id: Id, door: Door, helper: Helper) -> HeldOut:
    """Let the answer go to the visitor."""
    return await approvals.decide(door, helper, held_id, "approved")


@router.post("/approvals/{held_id}/edit", responses=CHANGING)
async def edit(held_id: Id, wish: EditIn, door: Door, helper: Helper) -> HeldOut:
    """Answer in a helper's words instead."""
    return await approvals.decide(door, helper, held_id, "edited", wish.text)


@router.post("/approvals/{held_id}/reject", responses=CHANGING)
async def reject(held_id: Id, door: Door, helper: Helper) -> HeldOut:
    """Hold the answer back for good; the visitor is offered a person."""
    return await approvals.decide(door, helper, held_id, "rejected")


@router.get("/colleagues", responses=LOOKING)
async def read_colleagues(door: Door, helper: Helper) -> ColleaguesOut:
    """Whom a ticket can be passed to."""
    return await queue.colleagues(door)


@router.post("/tickets/{ticket_id}/promotions", status_code=201, responses=CHANGING)
async def promote(ticket_id: Id, wish: PromotionIn, door: Door, helper: Helper) -> PromotionOut:
    """Propose a helper's reply as an entry; warned of what is there already and of what says otherwise."""
    return await promotions.promote(door, helper, ticket_id, wish)


@router.get("/promotions", responses=LOOKING)
async def read_promotions(
    door: Door, maintainer: Maintainer, state: Literal["open", "taken", "declined"] | None = None
) -> PromotionsOut:
    """Draft entries for the maintainers, newest first."""
    return PromotionsOut(promotions=await promotions.everything(door, state))


@router.post("/promotions/{promotion_id}/close", responses=CHANGING)
async def close_promotion(promotion_id: Id, wish: ClosingIn, door: Door, maintainer: Maintainer) -> PromotionOut:
    """Note what became of a draft."""
    return await promotions.close(door, maintainer, promotion_id, wish)
