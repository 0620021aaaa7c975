import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.yaml_spans import NotEditable, remove_key, set_value

BASE = """\
# written by hand
id: trees   # the id

entries:
  fee:
    question: {zh: 要钱吗？, en: "Is there a fee, or not?"}   # asked daily
    similar:
      zh: [要多少钱, "收费，伐", 贵不贵]
      en: [how much,   # the commonest
           is it free, what's the price]
    answer:
      zh: |
        不收费。

        办事指南在{{ common.portal }}查。
      en: |
        There is no fee.

    # on the basis
    basis: [fee_article]  # why

  result:
    question:
      zh: 办下来拿到什么？
      en: What do I get?
    similar:
      zh:
        - 给个证吗
        # colloquial
        - 拿到啥
      en:
        - do I get a paper
        - what's issued
    answer: {zh: 一张决定书。, en: A decision letter.}

absent:
  mistakes: {zh: 没有, en: none}
"""

AWKWARD = """yes|null|12|1.5|2026-11-24|2026-13-45|~|=|<<|- a|a: b|a #b|{{ x }}|---|...|a, b|[a]|&a|*a|!a|%a|@a|`a"""
texts = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1)
    | st.text(" \n\t#:-?{}[],&*!|>'\"%@`=~0a甲\u00a0\u2028\u0085\ufeff", min_size=1)
    | st.sampled_from(AWKWARD.split("|"))
)
texts = texts.map(str.strip).filter(bool)
lines = texts.filter(lambda text: "\n" not in text)


COMMENTS = [line[line.index("#") :] for line in BASE.splitlines() if "#" in line]


def read(text):
    return yaml.load(text, Loader=yaml.CSafeLoader)


def at(text, path):
    found = read(text)
    for step in path:
        found = found[step]
    return found


SCALARS = [
    ("entries", entry, field, language)
    for entry in ("fee", "result")
    for field in ("question", "answer")
    for language in ("zh", "en")
]


@pytest.mark.parametrize("path", SCALARS, ids=".".join)
@given(text=texts)
def test_any_text_is_read_back_as_it_was_written_and_nothing_else_changes(path, text):
    after = set_value(BASE, path, text)
    assert at(after, path).strip() == text
    expected = read(BASE)
    expected["entries"][path[1]][path[2]][path[3]] = at(after, path)
    assert read(after) == expected
    assert all(comment in after for comment in COMMENTS)


@pytest.mark.parametrize("path", [("entries", e, "similar", "zh") for e in ("fee", "result")], ids=".".join)
@given(members=st.lists(lines, min_size=1, max_size=6))
def test_any_list_is_read_back_as_it_was_written(path, members):
    assert at(set_value(BASE, path, members), path) == members


@given(
    members=st.permutations(["how much", "is it free", "what's the price"]).flatmap(
        lambda kept: st.lists(st.sampled_from([*kept, "new, one", "free?"]), min_size=1, max_size=6)
    )
)
def test_a_list_with_a_comment_inside_is_changed_rightly_or_left_to_a_person(members):
    path = ("entries", "fee", "similar", "en")
    try:
        after = set_value(BASE, path, members)
    except NotEditable:
        return
    assert at(after, path) == members


def test_a_changed_text_changes_its_own_line_only():
    after = set_value(BASE, ("entries", "fee", "question", "en"), "Is there a fee")
    assert after == BASE.replace('"Is there a fee, or not?"', "Is there a fee")


def test_a_block_stays_a_block_and_keeps_the_blank_line_and_the_comment_behind_it():
    after = set_value(BASE, ("entries", "fee", "answer", "en"), "No fee.\n\n1. Apply.")
    assert after == BASE.replace("There is no fee.\n", "No fee.\n\n        1. Apply.\n")


def test_of_a_list_only_the_members_that_differ_are_written():
    path = ("entries", "fee", "similar", "en")
    after = set_value(BASE, path, ["how much", "is it really free", "what's the price", "any costs"])
    assert after == BASE.replace("is it free, what's the price]", "is it really free, what's the price, any costs]")


def test_a_member_of_a_block_list_is_taken_out_with_its_line():
    after = set_value(BASE, ("entries", "result", "similar", "zh"), ["拿到啥", "发什么"])
    assert after == BASE.replace("        - 给个证吗\n", "").replace("- 拿到啥\n", "- 拿到啥\n        - 发什么\n")


def test_a_missing_key_is_added_behind_the_last_one_and_its_comment():
    after = set_value(BASE, ("entries", "fee", "unconfirmed"), {"zh": "金额", "en": "the amount"})
    assert after == BASE.replace("# why\n", "# why\n    unconfirmed: {zh: 金额, en: the amount}\n")


def test_an_added_entry_stands_apart_as_the_others_do():
    entry = {"question": {"zh": "多久？", "en": "How long?"}, "similar": {"zh": ["几天"], "en": ["days"]}}
    after = set_value(BASE, ("entries", "time_limit"), entry)
    added = '\n  time_limit:\n    question: {zh: 多久？, en: "How long?"}\n    similar: {zh: [几天], en: [days]}\n'
    assert after == BASE.replace("A decision letter.}\n", "A decision letter.}\n" + added)


def test_a_removed_entry_takes_its_blank_line_with_it():
    after = remove_key(BASE, ("entries", "fee"))
    assert after == BASE[: BASE.index("  fee:")] + BASE[BASE.index("  result:") :]


def test_a_removed_field_leaves_its_neighbours():
    assert remove_key(BASE, ("entries", "fee", "basis")) == BASE.replace("    basis: [fee_article]  # why\n", "")


@given(text=texts)
def test_windows_line_ends_and_a_byte_order_mark_stay(text):
    before = "\ufeff" + BASE.replace("\n", "\r\n")
    after = set_value(before, ("entries", "fee", "answer", "zh"), text)
    assert after.startswith("\ufeff# written by hand\r\n") and "\n" not in after.replace("\r\n", "")
    assert at(after, ("entries", "fee", "answer", "zh")).strip() == text


@pytest.mark.parametrize(
    "text",
    [
        "a: &shared {k: x, l: y}\nb: *shared\n",
        "a: {k: &word x}\nb: {k: *word}\n",
        "base: &base {k: x}\nb:\n  <<: *base\n  l: y\na: {k: 1}\n",
    ],
)
def test_what_is_shared_by_anchors_is_left_to_a_person(text):
    for path in (("a", "k"), ("b", "k")):
        try:
            after = set_value(text, path, "new")
        except NotEditable:
            continue
        expected = read(text)
        expected[path[0]] = {**expected[path[0]], "k": "new"}
        assert read(after) == expected
