import pytest

from retrieval.places import is_elsewhere, is_here


@pytest.mark.parametrize(
    "text", ["北京户外广告审批现在什么政策", "our site is in kunshan", "我老家安徽砍树找谁", "street closure in london"]
)
def test_another_place_is_known(text):
    assert is_elsewhere(text) and not is_here(text)


@pytest.mark.parametrize(
    "text",
    [
        "南京西路的招牌要备案吗",
        "苏州河边的树谁管",
        "杭州的公司想在徐汇挂招牌",
        "we are a hangzhou firm and want a sign in xuhui",
        "trees on beijing road",
        "门口的树谁管",
        "my signboard",
    ],
)
def test_streets_named_after_other_places_and_places_of_ours_are_here(text):
    assert not is_elsewhere(text)
