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
        "potted bonsai to beijing by courier, certificate?",
        "we get seedlings from fujian",
        "苗木运到江苏要检疫吗",
        "从福建调来的苗要复检吗",
        "浙江买的树苗要带什么证",
        "进口日本樱花苗要什么手续",
        "门口的树谁管",
        "my signboard",
    ],
)
def test_streets_named_after_other_places_places_of_ours_and_goods_on_their_way_are_here(text):
    assert not is_elsewhere(text)
