"""The city files that ship: loadable, honest about what is known, fit to be crawled."""

import re
from pathlib import Path

import pytest

from crawler.city import City
from crawler.city_file import CITIES_DIR, load_cities

CITIES = load_cities()

# GB/T 2260 codes of the divisions, from the standard: a wrong digit is another city. A development
# zone may have none.
DIVISIONS = {
    "beijing": "110000",
    "chengdu": "510100",
    "chongqing": "500000",
    "dalian": "210200",
    "dingxi": "621100",
    "guangming": "440311",
    "guangzhou": "440100",
    "handan": "130400",
    "hangzhou": "330100",
    "hongkong": "810000",
    "huizhou": "441300",
    "jiaxing": "330400",
    "jinan": "370100",
    "kaohsiung": "710000",
    "lingang": "310115",
    "longhua": "440309",
    "luohu": "440303",
    "macau": "820000",
    "nanchang": "360100",
    "nanjing": "320100",
    "nanshan": "440305",
    "nantong": "320600",
    "ningbo": "330200",
    "pudong": "310115",
    "shanghai": "310000",
    "shantou": "440500",
    "shaoxing": "330600",
    "shenzhen": "440300",
    "suzhou": "320500",
    "tainan": "710000",
    "taipei": "710000",
    "wuhan": "420100",
    "wuxi": "320200",
    "xiamen": "350200",
    "xian": "610100",
    "yantian": "440308",
    "zhaoqing": "441200",
    "zhongshan": "442000",
    "zhoushan": "330900",
}
# Cities of which only one edition is known so far.
ONE_LANGUAGE = {"dingxi": "zh", "handan": "zh", "huizhou": "zh"}

# Articles whose addresses are known, with the source each belongs to.
KNOWN = [
    ("dalian", "http://en.dl.gov.cn/News/ChinaNews/23547.jhtml", "en", "jeecms"),
    ("dalian", "https://en.dl.gov.cn/art/2023/1/4/art_8632_2060160.html", "en", "hanweb"),
    ("dalian", "https://www.dl.gov.cn/art/2024/7/6/art_1185_2337797.html", "zh", "hanweb"),
    (
        "beijing",
        "https://english.beijing.gov.cn/government/reports/202402/t20240204_3554984.html",
        "en",
        "trs",
    ),
    (
        "shanghai",
        "https://www.shanghai.gov.cn/nw4411/20240129/7529892763da4fafbb66728b0cfacdb4.html",
        "zh",
        "generic",
    ),
    (
        "shenzhen",
        "http://www.sz.gov.cn/cn/xxgk/zfxxgj/zwdt/content/post_11970344.html",
        "zh",
        "guangdong",
    ),
    (
        "guangzhou",
        "https://www.eguangzhou.gov.cn/gzspecialreports/content/post_40986.html",
        "en",
        "guangdong",
    ),
    ("wuhan", "https://www.wuhan.gov.cn/sy/whyw/202606/t20260628_2813984.shtml", "zh", "trs"),
    (
        "wuhan",
        "https://english.wuhan.gov.cn/H_1/NWP/202601/t20260129_2721751.shtml",
        "en",
        "trs",
    ),
    (
        "jiaxing",
        "https://www.jiaxing.gov.cn/art/2023/5/10/art_1591186_59578812.html",
        "en",
        "hanweb",
    ),
    (
        "jiaxing",
        "https://www.jiaxing.gov.cn/art/2023/5/10/art_1229426419_59578813.html",
        "zh",
        "hanweb",
    ),
    (
        "jinan",
        "http://english.jinan.gov.cn/col108249/art/2022/art_108249_4776259.html",
        "en",
        "hanweb",
    ),
    (
        "hangzhou",
        "http://eng.hangzhou.gov.cn/art/2015/11/30/art_1208255_929519.html",
        "en",
        "hanweb",
    ),
    ("macau", "https://www.gov.mo/zh-hant/news/66372/", "zh", "wordpress"),
    (
        "hongkong",
        "https://www.info.gov.hk/gia/general/202305/09/P2023050900277.htm",
        "zh",
        "info_gov_hk",
    ),
    (
        "taipei",
        "https://english.gov.taipei/News_Content.aspx"
        "?n=A11F01CFC9F58C83&sms=DFFA119D1FD5602C&s=3AEDB6803034A95B",
        "en",
        "aspnet",
    ),
    (
        "chongqing",
        "http://en.cq.gov.cn/Government/OfficialRelease/2009/2/17/982278.shtml",
        "en",
        "generic",
    ),
    (
        "chongqing",
        "https://www.ichongqing.info/2020/05/24/work-to-fulfill-the-plan/",
        "en",
        "feeds",
    ),
    ("xiamen", "http://en.fao.xm.gov.cn/2022-02/28/c_721756.htm", "en", "china_daily"),
    ("zhoushan", "http://zhoushan.chinadaily.com.cn/2019-02/18/c_334696.htm", "en", "china_daily"),
    ("handan", "http://www.hd.gov.cn/wzsm/201709/t20170912_719157.html", "zh", "trs"),
    ("dingxi", "http://zwgk.dingxi.gov.cn/art/2022/1/20/art_12377_1486865.html", "zh", "hanweb"),
    ("zhongshan", "https://en.zsnews.cn/News/content/376/34788.html", "en", "generic"),
    (
        "zhaoqing",
        "http://www.zhaoqing.gov.cn/english/government/foreignaffairs/content/post_789236.html",
        "en",
        "guangdong",
    ),
    (
        "beijing",
        "https://english.beijing.gov.cn/latest/news/202602/t20260203_4500001.html",
        "en",
        "trs",
    ),
    (
        "shanghai",
        "https://english.shanghai.gov.cn/en-Latest-WhatsNew/20250627/0123456789abcdef0123456789abcdef.html",
        "en",
        "generic",
    ),
    (
        "shanghai",
        "https://www.shanghai.gov.cn/nw2315/20260105/0123456789abcdef0123456789abcdef.html",
        "zh",
        "generic",
    ),
    (
        "chongqing",
        "https://english.cq.gov.cn/latestnews/Editor/202606/t20260608_15735957.html",
        "en",
        "trs",
    ),
    (
        "chongqing",
        "https://www.cq.gov.cn/ywdt/jrcq/202606/t20260608_15735001.html",
        "zh",
        "trs",
    ),
    (
        "guangzhou",
        "https://www.gz.gov.cn/guangzhouinternational/home/citynews/content/post_9157920.html",
        "en",
        "guangdong",
    ),
    (
        "guangzhou",
        "https://www.gz.gov.cn/xw/gzyw/content/post_10674957.html",
        "zh",
        "guangdong",
    ),
    (
        "xian",
        "https://www.xa.gov.cn/xw/zwzx/msyw/2072145741715947521.html",
        "zh",
        "generic",
    ),
    (
        "xian",
        "http://en.xa.gov.cn/MediaCenter/News/2072253459180654594.html",
        "en",
        "generic",
    ),
    (
        "jinan",
        "https://www.jinan.gov.cn/col/col23/art/2026/art_0123456789abcdef0123456789abcdef.html",
        "zh",
        "hanweb",
    ),
    (
        "zhaoqing",
        "http://www.zhaoqing.gov.cn/xwzx/zqyw/content/post_1234567.html",
        "zh",
        "guangdong",
    ),
    (
        "huizhou",
        "http://www.huizhou.gov.cn/zwgk/hzsz/zwyw/content/post_1234567.html",
        "zh",
        "guangdong",
    ),
    (
        "chengdu",
        "https://www.gochengdu.cn/en/article/news/4304",
        "en",
        "generic",
    ),
    (
        "suzhou",
        "https://english.suzhou.gov.cn/szsenglish/News/202602/0123456789abcdef0123456789abcdef.shtml",
        "en",
        "ucap",
    ),
    (
        "nanchang",
        "https://www.nc.gov.cn/english/News/202304/0123456789abcdef0123456789abcdef.shtml",
        "en",
        "ucap",
    ),
    (
        "yantian",
        "https://www.yantian.gov.cn/English/news/content/post_12813049.html",
        "en",
        "guangdong",
    ),
    (
        "nanshan",
        "https://www.szns.gov.cn/english/news/content/post_12073776.html",
        "en",
        "guangdong",
    ),
    (
        "longhua",
        "https://www.szlhq.gov.cn/jddt/content/post_12873915.html",
        "zh",
        "guangdong",
    ),
    (
        "guangming",
        "https://www.szgm.gov.cn/english/news/latestnews/content/post_12593570.html",
        "en",
        "guangdong",
    ),
    (
        "pudong",
        "https://english.pudong.gov.cn/2026-06/03/c_499178.htm",
        "en",
        "china_daily",
    ),
    (
        "pudong",
        "https://www.pudong.gov.cn/0060011/20250212/801408.html",
        "zh",
        "generic",
    ),
    (
        "sip",
        "https://www.sipac.gov.cn/szgyyqenglish/News/202607/0123456789abcdef0123456789abcdef.shtml",
        "en",
        "ucap",
    ),
    (
        "wuxi",
        "https://en.wuxi.gov.cn/2026-04/30/c_1180004.htm",
        "en",
        "china_daily",
    ),
    (
        "wuxi",
        "https://www.wuxi.gov.cn/doc/2012/01/04/4178774.shtml",
        "zh",
        "generic",
    ),
    (
        "nantong",
        "https://www.nantong.gov.cn/ntsrmzf/ntxw/content/0cc4a48e-02a7-4d83-a2c5-8ff423ba4a38.html",
        "zh",
        "generic",
    ),
    (
        "tainan",
        "https://www.tainan.gov.tw/en/News_Content.aspx?n=13205&s=4239338",
        "en",
        "aspnet",
    ),
    (
        "tainan",
        "https://www.tainan.gov.tw/News_Content.aspx?n=13370&s=8176319",
        "zh",
        "aspnet",
    ),
    (
        "shantou",
        "https://english.shantou.gov.cn/english/livingtourism/touristresorts/guide/content/"
        "post_1728927.html",
        "en",
        "guangdong",
    ),
    (
        "lingang",
        "https://www.lingang.gov.cn/html/website/lg/English/News1630758253379031042/Updates/"
        "2097854259582238722.html",
        "en",
        "generic",
    ),
    (
        "zhoushan",
        "https://www.ezhejiang.gov.cn/zhoushan/2026-08/17/c_1206032.htm",
        "en",
        "china_daily",
    ),
]


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_a_city_that_ships_claims_nothing_that_was_not_checked(city: City) -> None:
    assert city.status == "unverified"
    assert (city.rights, city.rights_terms) == ("metadata+excerpt", None)
    assert city.rights_checked is None
    assert city.division == DIVISIONS.get(city.key)


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_a_city_has_the_languages_that_are_known_of_it_and_notes(city: City) -> None:
    known = {ONE_LANGUAGE[city.key]} if city.key in ONE_LANGUAGE else {"zh", "en"}
    assert {source.lang for source in city.listings} == known
    assert len({source.list for source in city.sources}) == len(city.sources)
    text = Path(city.file).read_text(encoding="utf-8")
    assert re.search(r"^# Maintainer's notes$", text, re.MULTILINE)


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_every_listing_that_ships_has_its_last_sign(city: City) -> None:
    assert [source.list for source in city.sources if source.seen is None] == []


def test_what_was_not_seen_is_said_to_be_inferred_in_every_city_with_a_home_page_for_a_list() -> (
    None
):
    for city in CITIES.values():
        if any(re.fullmatch(r"https?://[^/]+/", source.list) for source in city.sources):
            notes = Path(city.file).read_text(encoding="utf-8").partition("# Maintainer's notes")[2]
            assert re.search("home pages? serves? as", " ".join(re.split(r"[\s#]+", notes))), (
                city.key
            )


def test_there_are_at_least_forty_cities() -> None:
    assert len(CITIES) >= 40
    assert set(CITIES) == {path.stem for path in CITIES_DIR.iterdir()}


@pytest.mark.parametrize(("key", "url", "lang", "cms"), KNOWN, ids=[row[1] for row in KNOWN])
def test_an_article_of_known_address_is_followed_and_belongs_to_its_source(
    key: str, url: str, lang: str, cms: str
) -> None:
    city = CITIES[key]
    assert city.allows(url)
    source = city.source_of(url)
    assert source is not None
    assert (source.lang, source.cms) == (lang, cms)
    assert source.wants(url)


def test_twins_and_mirrors_of_hong_kongs_releases_are_not_followed() -> None:
    city = CITIES["hongkong"]
    release = "https://www.info.gov.hk/gia/general/200903/02/P200903020221"
    wants = city.sources[0].wants
    assert wants(f"{release}.htm")
    assert not wants(f"{release}_print.htm")
    assert not wants(f"{release}p.htm")
    assert not city.allows("https://sc.isd.gov.hk/TuniS/www.info.gov.hk/gia/general/x.htm")
