package exchangehttp_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func send(t *testing.T, srv *httptest.Server, who, path, kind string, body io.Reader) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, srv.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept-Language", "zh-CN")
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func upload(t *testing.T, srv *httptest.Server, who, kind, text string) (int, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, v := range map[string]string{"kind": kind, "on": "2026-10-12"} {
		if err := w.WriteField(name, v); err != nil {
			t.Fatal(err)
		}
	}
	if text != "" {
		f, err := w.CreateFormFile("file", "名册.csv")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return send(t, srv, who, "/import", w.FormDataContentType(), &b)
}

// sumOf is what a report's confirmation names its file by.
func sumOf(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `name="sum" value="`)
	sum, _, _ := strings.Cut(rest, `"`)
	if !ok || sum == "" {
		t.Fatal("nothing to confirm")
	}
	return sum
}

func confirm(t *testing.T, srv *httptest.Server, sum, key string) (int, string) {
	t.Helper()
	return send(t, srv, "cityorg", "/import/confirm", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"_key": {key}, "sum": {sum}}.Encode()))
}

// TestUploadLookConfirm walks the page: a wrong table comes back with reasons, a right one is shown, confirmed, and
// seen on the force's page; what was not confirmed is not there.
func TestUploadLookConfirm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		srv := w.Serve()
		has := func(what string, code, want int, page string, parts ...string) {
			t.Helper()
			if code != want {
				t.Errorf("%s: %d, want %d", what, code, want)
			}
			for _, p := range parts {
				if !strings.Contains(page, p) {
					t.Errorf("%s: the page lacks %q", what, p)
				}
			}
		}
		code, page := w.Get(srv, "cityorg", "/import")
		has("start", code, 200, page, "乡镇纪委名册", "空白模板")
		code, page = upload(t, srv, "cityorg", "people", "")
		has("no file", code, 422, page, "请选择文件")
		code, page = upload(t, srv, "cityorg", "people", "单位,职务,姓名\n没有镇,书记,甲\n")
		has("wrong", code, 200, page, "第2行", "没有“没有镇”这个单位", "下载标注表格")
		code, page = w.Get(srv, "cityorg", "/import/reasons")
		has("reasons", code, 200, page, "PK")
		code, page = upload(t, srv, "cityorg", "people", "单位,职务,姓名,任职时间,备注,姓名,<i>电话</i>\n柳湾乡,书记,郎书,2023-01-01,x,y,z\n")
		has("columns", code, 200, page, "各列识别情况", "单位、职务、姓名、任职时间（按“任现职日期”读取）", "备注、姓名、&lt;i&gt;电话&lt;/i&gt;")
		if strings.Contains(page, "确认写入") {
			t.Error("there is something to confirm")
		}
		code, page = upload(t, srv, "cityorg", "people", "单位,职务,姓名\n柳湾乡,书记,<script>x</script>\n")
		has("right", code, 200, page, "郎书", "&lt;script&gt;", "确认写入")
		sum := sumOf(t, page)
		if strings.Contains(page, "<script>x") {
			t.Error("a cell came out as markup")
		}
		if code, page = w.Get(srv, "cityorg", "/units/"+w.Units["single"].ID.String()); !strings.Contains(page, "郎书") {
			t.Errorf("%d: somebody left before it was confirmed", code)
		}
		// Somebody confirms what stands in one tab after another file was sent in another.
		upload(t, srv, "cityorg", "people", "单位,职务,姓名\n柳湾乡,书记,另人\n")
		code, other := confirm(t, srv, sum, "k0")
		has("another's confirmation", code, 409, other, "已被后来上传的替换")
		upload(t, srv, "cityorg", "people", "单位,职务,姓名\n柳湾乡,书记,<script>x</script>\n")
		code, page = confirm(t, srv, sum, "k1")
		has("confirm", code, 200, page, "已经写入")
		code, page = w.Get(srv, "cityorg", "/units/"+w.Units["single"].ID.String())
		has("unit", code, 200, page, "&lt;script&gt;")
		code, _ = confirm(t, srv, sum, "k2")
		has("again", code, 409, "")
		for _, p := range []string{"/export?kind=people&format=csv", "/export?kind=officials", "/import/template?kind=people"} {
			code, _ = w.Get(srv, "cityorg", p)
			has(p, code, 200, "")
		}
		for who, p := range map[string]string{"handler": "/import", "secretary": "/export?kind=people", "cityorg": "/export?kind=clues"} {
			code, _ = w.Get(srv, who, p)
			has(who+" "+p, code, 403, "")
		}
		w.Verify()
	})
}
