"""What the heads learn, on a lesson small enough to know the answer."""

import numpy as np
import pytest

from retrieval.heads import MEMBERS, Committee, fit_committee

ITEMS, FACETS = ["tree", "sign", "waste"], ["fee", "where"]


@pytest.fixture(scope="module")
def lesson() -> tuple[np.ndarray, list[str], list[str]]:
    """Ninety noisy copies of three directions, with two facets told by a fourth component."""
    random = np.random.default_rng(0)
    places = np.arange(90) % 3
    facets = np.arange(90) % 2
    vectors = np.eye(3)[places] + random.normal(0, 0.1, (90, 3))
    vectors = np.hstack([vectors, np.where(facets, 1, -1)[:, None]]).astype(np.float32)
    return vectors, [ITEMS[place] for place in places], [FACETS[facet] for facet in facets]


@pytest.fixture(scope="module")
def committee(lesson) -> Committee:
    return fit_committee(*lesson)


def test_a_committee_learns_both_lessons(committee, lesson):
    vectors, items, facets = lesson
    of_items, of_facets = committee.log_probabilities(vectors)
    assert [committee.items[place] for place in of_items.argmax(axis=1)] == items
    assert [committee.facets[place] for place in of_facets.argmax(axis=1)] == facets


def test_its_probabilities_are_the_mean_of_its_members(committee, lesson):
    assert len(committee.members) == MEMBERS
    items, facets = zip(*(member.log_probabilities(lesson[0]) for member in committee.members), strict=True)
    assert not np.allclose(items[0], items[1])
    for mean, several in zip(committee.log_probabilities(lesson[0]), (items, facets), strict=True):
        assert np.allclose(np.exp(mean), np.mean(np.exp(several), axis=0), atol=1e-6)
        assert np.allclose(np.exp(mean).sum(axis=1), 1, atol=1e-6)


def test_the_same_lesson_gives_the_same_committee(committee, lesson):
    again = fit_committee(*lesson)
    assert np.array_equal(again.log_probabilities(lesson[0])[0], committee.log_probabilities(lesson[0])[0])
