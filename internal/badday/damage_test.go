package badday

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"qianshao/internal/platform/db"
)

// TestDamagedPage is a page of the database file that the disk has lost: whatever needs it is refused in words, for
// reading and for writing; everything else goes on, and nothing is half there.
func TestDamagedPage(t *testing.T) {
	l := onFile(t, t.TempDir())
	s := l.start()
	c := newCrowd(l, 1)
	c.work1(t)
	m := c.books[0].id
	s.stop()

	d, err := db.Open(ctx, l.url, db.Options{})
	must(t, err)
	var root, size, acts, matters int64
	must(t, d.Raw().QueryRow(`SELECT rootpage FROM sqlite_master WHERE name = 'tipoffs'`).Scan(&root))
	must(t, d.Raw().QueryRow(`PRAGMA page_size`).Scan(&size))
	count := func(d *db.DB) (acts, matters int64) {
		must(t, d.Raw().QueryRow(`SELECT (SELECT COUNT(seq) FROM acts), (SELECT COUNT(id) FROM matters)`).Scan(&acts, &matters))
		return acts, matters
	}
	acts, matters = count(d)
	must(t, d.Close())
	path := strings.TrimPrefix(l.url, "sqlite:")
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt(make([]byte, size), (root-1)*size)
	must(t, err)
	must(t, f.Close())

	s = l.start()
	const words = "数据库文件已损坏"
	for _, path := range []string{"/", "/tipoffs", "/api/v1/tipoffs", "/api/v1/desk"} {
		if a := l.get("intake", path); a.status != http.StatusOK {
			t.Errorf("%s, which does not need the page: %d", path, a.status)
		}
	}
	if a := l.get("intake", "/m/"+m.String()); a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), words) || !strings.Contains(string(a.body), "</html>") {
		t.Errorf("the matter whose row is lost: %d %s", a.status, a.body)
	}
	k := c.clerks[0]
	k.what = entry{}
	k.next(ctx)
	a, err := l.call(ctx, "intake", http.MethodPost, k.now.path, k.now.key, k.now.body)
	must(t, err)
	if a.status != http.StatusServiceUnavailable || a.field("code") != "db.damaged" || !strings.Contains(string(a.body), words) {
		t.Errorf("a write that needs the page: %d %s", a.status, a.body)
	}
	d, err = db.Open(ctx, l.url, db.Options{})
	must(t, err)
	if a, m := count(d); a != acts || m != matters {
		t.Errorf("the refused write left %d acts and %d matters", a-acts, m-matters)
	}
	must(t, d.Close())
	a, err = l.call(ctx, "supervision", http.MethodPost, "/api/v1/clues", "", object{"subject": object{"unit": l.units["full"].String(), "name": "吴某", "post": "农业综合服务中心主任", "rank": "staff", "party_member": true},
		"source": "found", "received": today(), "title": "虚报管护费", "summary": "日常监督发现，该主任虚报高标准农田管护费。", "discipline": "integrity"})
	must(t, err)
	if a.status != http.StatusCreated {
		t.Errorf("a write that does not need the page: %d %s", a.status, a.body)
	}
	s.stop()
	if out, err := l.tool("verify", "--db", l.url); err == nil || !strings.Contains(out, "database file is damaged") {
		t.Errorf("verify: %v\n%s", err, out)
	}
}
