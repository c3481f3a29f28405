"""An authored Dalian of 2017 to 2020: two systems, and its executive meetings.

Every text was written for this file. The English host is the JEECMS one of those years, with
numbers for addresses and no date on its pages; the Chinese one is Hanweb. The meetings are of one
government and one mayor.
"""

from dataclasses import dataclass

HEAD = "<html><head><meta http-equiv='Content-Type' content='text/html; charset=utf-8'>"
EN, ZH = "http://en.dl.gov.cn", "http://www.dl.gov.cn"


@dataclass(frozen=True)
class Page:
    """A page of the city as an archive captured it."""

    url: str
    timestamp: str
    body: str | bytes
    status: int = 200
    mime: str = "text/html"

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else self.body.encode()

    @property
    def content_type(self) -> str:
        return self.mime if isinstance(self.body, bytes) else f"{self.mime}; charset=utf-8"


def jeecms(title: str, *paragraphs: str) -> str:
    """Return an article of the English edition: a table layout, no date."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"{HEAD}<title>{title}-Dalian, China</title></head><body><table width='1000'><tr>"
        "<td><a href='/index.jhtml'>Home</a> | <a href='/News/ChinaNews/index.jhtml'>News</a> | "
        "<a href='/Government/OM/Events/index.jhtml'>Events</a></td></tr></table>"
        f"<table><tr><td class='content'><h1>{title}</h1>{text}</td></tr></table>"
        "<table><tr><td>Sponsored by the Municipal Government</td></tr></table></body></html>"
    )


def hanweb(title: str, date: str, *paragraphs: str) -> str:
    """Return an article of the Chinese edition, dated in its meta tags."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"{HEAD}<meta name='ArticleTitle' content='{title}'><meta name='PubDate' content='{date}'>"
        f"<meta name='ContentSource' content='大连日报'><title>{title}</title></head><body>"
        f"<h1>{title}</h1><div>发布日期：{date} 来源：大连日报</div><div id='zoom'>{text}</div>"
        "</body></html>"
    )


SEED = f"{EN}/News/ChinaNews/23619.jhtml"
SEED_MATE = f"{ZH}/art/2018/10/16/art_21_1116619.html"
SEED_TITLE = "The 29th executive meeting of the 16th municipal government is held"
SEED_TEXT = (
    "Yesterday the 29th executive meeting of the 16th municipal government was held. It studied "
    "what Chen Qiufa, secretary of the provincial Party committee, had asked for during his visit; "
    "it was told how proposals of deputies are handled, listened to a report on litigation in the "
    "public interest, and adopted a plan to build a system of social credit. Mayor Tan Chengxu "
    "presided and gave a speech.",
    "After the visit of Chen Qiufa, the meeting noted, the policies called 1 + 8 are to bring the "
    "Northeast forward: four weak points must be mended, and six main tasks finished this year.",
    "Departments must answer every proposal of the deputies of the people's congress and the "
    "members of the political consultative conference, the meeting stressed.",
    "It also heard of the national video conference on safe roads, and of the fire on Binhai west "
    "road in Xingang district.",
    "The mid-term evaluation of the city's Thirteenth Five-Year Plan was adopted as well.",
)
_CHAIR = "Tan Chengxu, Mayor of the Municipal Government, took the chair and spoke."
_ZH_CHAIR = "市长谭成旭主持会议并讲话。"
MEETINGS = {
    27: (
        "23155", "2018-08-21", "20180901070809",
        ("flood prevention and the repair of 37 old reservoirs", "heating for the winter"),
        ("防汛工作和37座老旧水库的维修", "今冬供暖准备工作"),
    ),
    28: (
        "23390", "2018-09-18", "20180930070809",
        ("a marine ranch of 4,200 hectares", "the pension service of 126 communities"),
        ("4200公顷海洋牧场规划", "126个社区的养老服务工作"),
    ),
    30: (
        "23877", "2018-11-06", "20181120070809",
        ("repairing 210 kilometres of rural roads", "the fight against African swine fever"),
        ("210公里农村公路维修预算", "非洲猪瘟防控工作"),
    ),
    56: (
        "26410", "2019-12-10", "20191224070809",
        ("the draft of the work report for 2020", "the renovation of 58 old quarters"),
        ("2020年政府工作报告（草案）", "58个老旧小区改造工作"),
    ),
}  # fmt: skip


def pages(seed_title: str = SEED_TITLE, seed_text: tuple[str, ...] = SEED_TEXT) -> list[Page]:
    """Return the city's captures: both editions, older and later ones, and what is no article."""
    found = [
        Page(SEED, "20181101020304", jeecms(seed_title, *seed_text)),
        Page(SEED, "20200215020304", jeecms(seed_title, *seed_text)),
        Page(
            SEED_MATE, "20181020101112",
            hanweb(
                "市政府召开第十六届第29次常务会议", "2018-10-16 09:12",
                "10月15日，市政府召开第十六届第29次常务会议，传达学习省委书记陈求发在我市调研讲话精神，"
                "研究部署落实工作；通报人大代表建议、政协提案办理情况；听取我市公益诉讼工作情况，部署安全生产等工作；"
                f"审议通过《关于进一步加快社会信用体系建设的实施方案》。{_ZH_CHAIR}",
                "会议指出，陈求发同志在我市调研，对推进东北振兴、落实“1+8”系列政策提出要求。"
                "各级政府要补齐“四个短板”，完成今年“六项重点任务”。",
                "会议强调，人大代表建议和政协委员提案反映群众关切，各承办部门要跟踪办理。",
                "会议传达全国道路交通安全视频会议精神，通报新港区滨海西路火灾爆炸事故处置情况。",
                "会议还审议通过《大连市“十三五”规划纲要》实施情况中期监测评估报告。",
            ),
        ),
    ]  # fmt: skip
    for number, (article, day, timestamp, agenda, zh_agenda) in MEETINGS.items():
        year, month, date = day.split("-")
        found += [
            Page(
                f"{EN}/News/ChinaNews/{article}.jhtml", timestamp,
                jeecms(
                    f"The municipal government holds its {number}th executive meeting",
                    f"Yesterday, the municipal government held the {number}th executive meeting of "
                    f"the 16th authority. The meeting studied {agenda[0]}, and heard a report on "
                    f"{agenda[1]}. {_CHAIR}",
                    "The meeting pointed out that the governments at all levels should strengthen "
                    f"party building and put {agenda[0]} into practice before the end of the year.",
                    f"On {agenda[1]}, the meeting demanded that each department follow it up.",
                ),
            ),
            Page(
                f"{ZH}/art/{year}/{int(month)}/{int(date)}/art_21_11{article}.html", timestamp,
                hanweb(
                    f"市政府召开第十六届第{number}次常务会议", f"{day} 08:30",
                    f"{int(month)}月{int(date) - 1}日，市政府召开第十六届第{number}次常务会议，"
                    f"研究{zh_agenda[0]}，听取{zh_agenda[1]}情况汇报。{_ZH_CHAIR}",
                    f"会议指出，各级政府要加强党的建设，年底前落实{zh_agenda[0]}。",
                    f"关于{zh_agenda[1]}，会议要求各部门跟踪落实各项任务。",
                ),
            ),
        ]  # fmt: skip
    port = f"{EN}/News/ChinaNews/22001.jhtml"
    seven, nine = (
        jeecms("Port handles more", PORT, f"The growth was {n} percent.") for n in (7, 9)
    )
    return [
        *found,
        # An article that was corrected, in three captures, the last as the second.
        Page(port, "20171103040506", seven),
        Page(port, "20180103040506", nine),
        Page(port, "20190103040506", nine),
        # The same address over https, and no articles.
        Page(
            f"https{SEED_MATE[4:]}", "20181019101112", hanweb("旧题", "2018-10-16", "旧文。" * 30)
        ),
        Page(f"{EN}/News/ChinaNews/index.jhtml", "20181101020304", "<html>list</html>"),
        Page(f"{EN}/News/ChinaNews/21000.jhtml", "20181101020305", "<html>gone</html>", 404),
        Page(f"{EN}/images/logo.png", "20181101020306", "png", 200, "image/png"),
        Page("http://www.example.cn/News/ChinaNews/1.jhtml", "20181101020307", "<html>x</html>"),
    ]


PORT = (
    "The port of Dalian handled 8.2 million containers in the first ten months, the administration "
    "reported. Two berths were added at Dayao Bay, and the cold-chain hub opened its third store."
)
