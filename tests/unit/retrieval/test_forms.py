from retrieval.forms import NAMING, composed
from retrieval.language import normalise


def test_each_item_is_asked_about_by_its_names_and_named_without_asking(retriever):
    base = retriever.base
    made = composed(base)
    for item in base.items.values():
        for language, frames in NAMING.items():
            names = [normalise(name) for name in item.names(language)]
            own = [one for one in made if (one.item_id, one.language) == (item.id, language)]
            assert all(any(name in one.text for name in names) for one in own)
            assert sum(one.facet is None for one in own) == len(frames)
            assert {one.facet for one in own if one.facet} == set(base.facets)
