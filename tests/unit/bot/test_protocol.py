import json

from hypothesis import example, given
from hypothesis import strategies as st

from bot.protocol import METADATA_KEY, Act, Choice, Chosen, Decision, Evidence, Failures, Offered, Topic, plain_text

names = st.none() | st.text(min_size=1, max_size=40)
evidence = st.builds(
    Evidence,
    decision=st.sampled_from(Decision),
    topic=st.sampled_from(Topic),
    chosen=st.sampled_from(Chosen),
    offered=st.sampled_from(Offered),
    failures=st.sampled_from(Failures),
    item=names,
    facet=names,
    entry=names,
    embedding=names,
)


@given(evidence)
def test_evidence_survives_the_way_to_the_bot(told):
    assert Evidence.from_metadata(json.loads(json.dumps(told.to_metadata()))) == told


def test_a_message_without_evidence_has_none():
    assert Evidence.from_metadata(None) is None
    assert Evidence.from_metadata({"other": 1}) is None


def test_what_a_newer_api_adds_to_the_evidence_is_ignored():
    assert Evidence.from_metadata({METADATA_KEY: {"decision": "answer", "mood": "merry"}}) == Evidence(Decision.ANSWER)


@given(st.sampled_from(Act), names, names, names)
def test_a_choice_is_read_back_from_the_bots_payload(act, item, facet, entry):
    def as_rasa_writes(value):
        return "None" if value is None else value

    payload = {
        "act": act.value,
        "item": as_rasa_writes(item),
        "facet": as_rasa_writes(facet),
        "entry": as_rasa_writes(entry),
    }
    read = Choice.from_custom(payload)
    assert read.act is act
    assert (read.item, read.facet, read.entry) == tuple(
        None if v in (None, "None") else v for v in (item, facet, entry)
    )


@given(st.text(alphabet=st.sampled_from("/／ \u3000\t\n\r\u200b\u200e\ufeff\u00a0\u2060\x1c\x00\ud800砍a{}")))
@example("/restart")
@example(" \u200b /greet{}")
@example("//")
def test_nothing_that_a_visitor_writes_begins_with_a_slash(said):
    heard = plain_text(said)
    assert heard.strip() and not heard.strip().startswith("/")
    heard.encode("utf-8")


@given(st.text())
def test_making_text_plain_twice_changes_nothing_more(said):
    assert plain_text(plain_text(said)) == plain_text(said)


def test_an_ordinary_message_stays_as_it_is():
    assert plain_text("砍树要多久？and/or 15 days 😀") == "砍树要多久？and/or 15 days 😀"


def test_a_leading_slash_stays_visible():
    assert plain_text(" /restart") == "／restart"
