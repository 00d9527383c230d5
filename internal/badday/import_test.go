package badday

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestImportKilled kills the program in the middle of a table that somebody confirmed on the page. What it had written
// are whole portions; the page says how many rows, offers the rest, and the rest alone is written.
func TestImportKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("imports thousands of rows and kills the program")
	}
	t.Run("sqlite", func(t *testing.T) { importKilled(t, onFile(t, t.TempDir())) })
	t.Run("postgres", func(t *testing.T) { importKilled(t, newDeployment(t, t.TempDir(), dbtest.Address(t))) })
}

func importKilled(t *testing.T, l *deployment) {
	const who, rows = "supervision", 2000
	var b strings.Builder
	b.WriteString("no,received,title,summary,unit,subject_name,subject_post,rank,party_member,discipline,state,ended,source,from_no,disposal,disposed,close_kind\n")
	for i := range rows {
		fmt.Fprintf(&b, "往%d,2025-03-01,反映吴某虚报,虚报管护费,石桥镇,吴某,农业综合服务中心主任,staff,是,integrity,pool,,found,,,,\n", i)
	}
	send := func(path, kind string, body *bytes.Buffer) (answer, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.listen+path, body)
		must(t, err)
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Accept-Language", "zh-CN")
		req.AddCookie(&http.Cookie{Name: "qs", Value: l.who[who].cookie})
		res, err := (&http.Client{Timeout: 2 * time.Minute, CheckRedirect: client.CheckRedirect}).Do(req)
		if err != nil {
			return answer{}, err
		}
		defer res.Body.Close()
		var out bytes.Buffer
		_, err = out.ReadFrom(res.Body)
		return answer{res.StatusCode, res.Header, out.Bytes()}, err
	}
	awaited := func(a answer, err error) (answer, error) { // what takes a while is told of on a page of its own
		for err == nil && (a.status == http.StatusSeeOther || strings.Contains(string(a.body), "<progress")) {
			time.Sleep(100 * time.Millisecond)
			a = l.get(who, "/import/running")
		}
		return a, err
	}
	var sum string
	confirm := func(key string) (answer, error) {
		return awaited(send("/import/confirm", "application/x-www-form-urlencoded", bytes.NewBufferString(url.Values{"_key": {key}, "sum": {sum}}.Encode())))
	}
	there := func() (n int) {
		d, err := db.Open(ctx, l.url, db.Options{})
		must(t, err)
		defer d.Close()
		must(t, d.In(apptest.City).Row(ctx, `SELECT COUNT(m.id) FROM matters m WHERE m.city_id = $1 AND m.no >= '往' AND m.no < '征'`).Scan(&n))
		return n
	}
	s := l.start()
	var file bytes.Buffer
	w := multipart.NewWriter(&file)
	must(t, w.WriteField("kind", "clues"))
	f, err := w.CreateFormFile("file", "往年线索.csv")
	must(t, err)
	_, err = f.Write([]byte(b.String()))
	must(t, err)
	must(t, w.Close())
	a, err := awaited(send("/import", w.FormDataContentType(), &file))
	must(t, err)
	if a.status != http.StatusOK || !strings.Contains(string(a.body), "确认写入") {
		t.Fatalf("upload: %d %s", a.status, a.body)
	}
	if m := regexp.MustCompile(`name="sum" value="(\w+)"`).FindSubmatch(a.body); m != nil {
		sum = string(m[1])
	}
	go func() { // nobody will hear the answer
		_, _ = send("/import/confirm", "application/x-www-form-urlencoded", bytes.NewBufferString(url.Values{"_key": {"k1"}, "sum": {sum}}.Encode()))
	}()
	until(t, time.Minute, "the first portions", func() bool { return there() >= 500 })
	s.kill()
	n := there()
	if n%500 != 0 || n == rows {
		t.Fatalf("%d rows are there", n)
	}
	s = l.start()
	said := regexp.MustCompile(`已写入(\d+)行`)
	m := said.FindStringSubmatch(string(l.get(who, "/import").body))
	if m == nil || m[1] != strconv.Itoa(n) {
		t.Fatalf("%d rows are there, the page says %q", n, m)
	}
	if a, _ := awaited(l.get(who, "/import/rest"), nil); a.status != http.StatusOK || !strings.Contains(string(a.body), fmt.Sprintf("新增 <b class=\"\">%d</b>", rows-n)) || !strings.Contains(string(a.body), fmt.Sprintf("不变 <b class=\"\">%d</b>", n)) {
		t.Fatalf("the rest of %d: %d %s", n, a.status, regexp.MustCompile(`(?s)<p class="sum">.*?</p>`).Find(a.body))
	}
	a, err = confirm("k1") // the very request that was cut off, as a browser sends it again
	must(t, err)
	if a.status != http.StatusOK || !strings.Contains(string(a.body), "已经写入") || there() != rows {
		t.Fatalf("confirmed again: %d, %d rows are there", a.status, there())
	}
	if said.Match(l.get(who, "/import").body) {
		t.Error("the page still speaks of an import that has ended")
	}
	if a, err = confirm("k2"); err != nil || a.status != http.StatusConflict {
		t.Errorf("once more: %v %d", err, a.status)
	}
	s.stop()
	l.verify()
	t.Logf("killed after %d of %d rows, the other %d written later", n, rows, rows-n)
}
