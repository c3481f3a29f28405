"""Lists in the tables of script libraries."""

import pytest

from crawler.cms import FAMILIES
from crawler.posted import Post, post_of

HOST = "http://www.a.example"
HERE = f"{HOST}/xw/"
FORM = "application/x-www-form-urlencoded"


def further(body: str) -> tuple[str, ...]:
    return FAMILIES["generic"].read_list(f"<html><body>{body}</body></html>", HERE).more


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        (
            "table.render({elem:'#t',url:'/cms/rows',where:{cid:8},page:true,limit:15,cols:[[]]})",
            "/cms/rows?cid=8&page=1&limit=15",
        ),
        (
            "table.render({url:'/rows?cid=8',page:{limit:20}})",
            "/rows?cid=8&page=1&limit=20",
        ),
        (
            "table.render({url:'/r',page:true,request:{pageName:'pageNo',limitName:'pageSize'}})",
            "/r?pageNo=1&pageSize=10",
        ),
        ("table.render({url:'/cms/rows'})", "/cms/rows"),
        ("$('#t').bootstrapTable({url:'/r',sidePagination:'server'})", "/r?offset=0&limit=10"),
        (
            "$('#t').bootstrapTable({url:'/r',sidePagination:'server',queryParamsType:''})",
            "/r?pageNumber=1&pageSize=10",
        ),
        ("$('#t').bootstrapTable({url:'/all.txt',pagination:true})", "/all.txt"),
        ("$('#t').DataTable({ajax:'rows.txt'})", "/xw/rows.txt"),
        (
            "$('#t').dataTable({serverSide:true,ajax:{url:'/r',data:{c:3}},pageLength:25})",
            "/r?c=3&start=0&length=25",
        ),
        (
            "$('#t').dataTable({bServerSide:true,sAjaxSource:'/r'})",
            "/r?iDisplayStart=0&iDisplayLength=10",
        ),
        ("$('#g').jqGrid({url:'/r.action',mtype:'GET',rowNum:30})", "/r.action?page=1&rows=30"),
        ("new Tabulator('#t',{ajaxURL:'/r',pagination:'remote'})", "/r?page=1&size=10"),
        ("$('#p').pagination({dataSource:'/r',pageSize:15})", "/r?pageNumber=1&pageSize=15"),
        (
            "$('#g').kendoGrid({dataSource:{transport:{read:'/r'},serverPaging:true}})",
            "/r?page=1&pageSize=10",
        ),
    ],
)
def test_a_table_asks_for_its_first_page(script: str, asked: str) -> None:
    assert further(f"<script>{script}</script>") == (HOST + asked,)


@pytest.mark.parametrize(
    ("markup", "asked"),
    [
        (
            '<table data-toggle="table" data-url="/r" data-side-pagination="server" '
            'data-page-size="20"></table>',
            "/r?offset=0&limit=20",
        ),
        (
            "<table class='easyui-datagrid' data-options=\"url:'/r',method:'get',"
            'pagination:true"></table>',
            "/r?page=1&rows=10",
        ),
        ("<table lay-data=\"{url:'/r', page:true, limit:5}\"></table>", "/r?page=1&limit=5"),
    ],
)
def test_attributes_describe_a_table(markup: str, asked: str) -> None:
    assert further(markup) == (HOST + asked,)


@pytest.mark.parametrize(
    ("body", "path", "sent"),
    [
        (
            "<script>table.render({method:'post',url:'/r',where:{cid:8},page:true})</script>",
            "/r",
            b"cid=8&page=1&limit=10",
        ),
        (
            "<script>$('#g').datagrid({url:'/r.do',pagination:true,queryParams:{c:1}})</script>",
            "/r.do",
            b"c=1&page=1&rows=10",
        ),
        ('<div class="mini-datagrid" url="/r"></div>', "/r", b"pageIndex=0&pageSize=10"),
    ],
)
def test_a_table_may_send_a_form(body: str, path: str, sent: bytes) -> None:
    (address,) = further(body)
    assert post_of(address) == Post(HOST + path, sent, FORM)


@pytest.mark.parametrize(
    "body",
    [
        "<script>table.render({url:'http://b.example/r',page:true})</script>",
        "<script>echarts.render({series:[1]})</script>",
        "<script>$('#p').pagination({pageSize:15})</script>",
        '<table data-toggle="table"></table>',
    ],
)
def test_a_table_without_an_endpoint_of_the_site_asks_for_nothing(body: str) -> None:
    assert further(body) == ()


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        (
            "new Vue({data(){return{page:1,size:12}},methods:{load(){axios.get('/api/list',"
            "{params:{c:'yw',pageNum:this.page,pageSize:this.size}})}}})",
            "/api/list?c=yw&pageNum=1&pageSize=12",
        ),
        (
            "const [page,setPage]=useState(1);fetch(`/api/list?page=${page}&size=20`)",
            "/api/list?page=1&size=20",
        ),
        (
            "const page = ref(1); axios.get('/api/list',{params:{pageNum:page.value,c:3}})",
            "/api/list?pageNum=1&c=3",
        ),
        ("$.get('/api/news/list?page='+page,show)", "/api/news/list?page=1"),
        (
            "$.ajax({url:'/xw/getList.do',data:'c=7&pageNo='+pageNo+'&pageSize=15'})",
            "/xw/getList.do?c=7&pageNo=1&pageSize=15",
        ),
        ("var u='/xw/getList.do?c=7';u+='&pageNo='+1;$.get(u)", "/xw/getList.do?c=7&pageNo=1"),
        ("$.get('/api/news/list?start='+at+'&limit=9',show)", "/api/news/list?start=0&limit=9"),
    ],
)
def test_values_of_a_component_are_those_of_its_first_page(script: str, asked: str) -> None:
    assert HOST + asked in further(f"<script>{script}</script>")


def test_a_file_of_data_is_read_where_nothing_else_is() -> None:
    files = '<script src="/js/jquery.min.js"></script><script src="data/newslist.js"></script>'
    assert further(files) == (f"{HERE}data/newslist.js",)
    assert further(f"{files}<script>$.get('/api/list?page=1')</script>") == (
        f"{HOST}/api/list?page=1",
    )
