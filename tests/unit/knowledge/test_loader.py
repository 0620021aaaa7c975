import pytest

from knowledge.loader import BrokenBase, load, revision_of
from knowledge.schema import Facet


def faults(folder):
    with pytest.raises(BrokenBase) as broken:
        load(folder.path)
    return broken.value.faults


def only_fault(folder):
    (fault,) = faults(folder)
    return fault


def test_the_base_in_the_checkout_has_no_faults_and_no_facet_unaccounted_for(folder):
    base = load(folder.path)
    item = base.items["temporary-green-space-use"]
    assert {entry.facet for entry in base.entries_of(item.id)} | item.absent.keys() == set(Facet)


def test_a_fault_names_file_line_and_field(folder):
    lines = folder.item.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if line.startswith("  decision_days:"))
    lines[at - 1] = "  decision_days: {working_days: soon, source: greening-regulations}"
    folder.item.write_text("\n".join(lines), encoding="utf-8")
    found = faults(folder)
    assert {(fault.file, fault.line) for fault in found} == {("items/temporary-green-space-use.yaml", at)}
    assert found[0].field.startswith("facts.decision_days.working_days")


def test_all_faults_are_told_at_once(folder):
    folder.change(
        lambda spec: (
            spec["facts"]["decision_days"].update(source="nowhere"),
            spec["facts"]["fine"].update(source="nothing"),
        )
    )
    assert {fault.field for fault in faults(folder)} == {"facts.decision_days.source", "facts.fine.source"}


def test_an_answer_that_uses_an_unknown_fact_is_told(folder):
    folder.change(lambda spec: spec["entries"]["time_limit"]["answer"].update(zh="{{ decided_in }}内作出决定。"))
    assert "decided_in" in only_fault(folder).message


def test_an_answer_that_is_no_template_is_told(folder):
    folder.change(lambda spec: spec["entries"]["time_limit"]["answer"].update(en="{{ decision_days"))
    fault = only_fault(folder)
    assert fault.field == "entries.time_limit.answer.en" and "template" in fault.message


def test_resting_on_what_is_to_be_confirmed_without_saying_so_is_a_fault(folder):
    folder.change(lambda spec: spec["entries"]["fee"].pop("unconfirmed"))
    assert "to be confirmed" in only_fault(folder).message


def test_a_facet_that_is_neither_written_nor_declared_absent_is_a_fault(folder):
    folder.change(lambda spec: spec["entries"].pop("duties"))
    assert "duties" in only_fault(folder).message


def test_a_verified_fact_without_a_source_is_a_fault(folder):
    folder.change(lambda spec: spec["facts"]["decision_days"].pop("source"))
    assert "source" in only_fault(folder).message


def test_a_fact_with_two_values_is_a_fault(folder):
    folder.change(lambda spec: spec["facts"]["decision_days"].update(days=15))
    assert "exactly one value" in only_fault(folder).message


def test_a_link_to_a_page_that_is_not_official_is_a_fault(folder):
    path = folder.path / "common.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("https://zwdt.sh.gov.cn", "https://example.com"), encoding="utf-8"
    )
    assert "official" in faults(folder)[0].message


def test_a_key_that_stands_twice_is_a_fault(folder):
    text = folder.item.read_text(encoding="utf-8")
    folder.item.write_text(text + "\nkind: filing\n", encoding="utf-8")
    assert "twice" in only_fault(folder).message


def test_a_file_that_is_not_utf8_is_a_fault(folder):
    folder.item.write_bytes("名称：临时".encode("gbk"))
    assert "UTF-8" in faults(folder)[0].message


def test_a_situation_that_is_none_is_told_with_its_line(folder):
    (folder.path / "situations" / "told.jsonl").write_text(
        '{"item": "x", "facet": "fee", "lang": "fr", "text": "…"}\n', encoding="utf-8"
    )
    fault = only_fault(folder)
    assert (fault.file, fault.line) == ("situations/told.jsonl", 1)


def test_what_is_to_be_confirmed_says_so_in_both_languages(folder):
    fee = load(folder.path).entries["temporary-green-space-use.fee"]
    assert fee.to_confirm
    assert "以一网通办办事指南为准" in fee.answer.zh and "Check the official online guide" in fee.answer.en


def test_an_answer_cites_the_sources_of_its_facts_with_their_articles(folder):
    (cited, *_) = load(folder.path).entries["temporary-green-space-use.penalties"].sources
    assert (
        cited.title.zh == "《上海市绿化条例》"
        and "第三十一条" in cited.reference.zh
        and "Art. 31" in cited.reference.en
    )


def test_the_revision_changes_with_the_content_and_only_with_it(folder):
    before = revision_of(folder.path)
    assert revision_of(folder.path) == before
    folder.item.write_text(folder.item.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert revision_of(folder.path) != before
