package portal_test

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
	"qianshao/internal/portal"
)

// world is a province with one city and two counties, and a portal before them.
type world struct {
	*portal.Portal
	dir      string
	d        *envelope.Directory
	private  map[string]string // organ's name → key
	verifier note.Verifier
	http.Handler
}

func unitID(n int) id.ID { return id.ID{City: 2, Key: fmt.Sprintf("01HBF766M0X4QKDYVC32GC%04d", n)} }

const (
	province, city, countyA, countyB = "某省纪委监委", "XX市纪委监委", "甲县纪委监委", "乙县纪委监委"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), private: map[string]string{}}
	key := func(name string) envelope.AddressKey {
		private, public, err := seal.NewKey(seal.Age)
		if err != nil {
			t.Fatal(err)
		}
		w.private[name] = private
		return envelope.AddressKey{ID: "key-" + name, Public: public}
	}
	w.d = &envelope.Directory{Version: envelope.Version, Made: "2026-09-01",
		Organs: []envelope.Organ{
			{ID: unitID(1), Name: province, Place: "某省", Short: "某", Level: 1, Key: key(province)}, {ID: unitID(2), Name: city, Place: "XX市", Short: "XX", Level: 2, Above: unitID(1), Key: key(city)},
			{ID: unitID(3), Name: countyA, Place: "甲县", Short: "甲", Level: 3, Above: unitID(2), Key: key(countyA)}, {ID: unitID(4), Name: countyB, Place: "乙县", Short: "乙", Level: 3, Above: unitID(2), Key: key(countyB)},
		},
		Units: []envelope.Unit{
			{ID: unitID(2), Name: "XX市", Organ: unitID(2)},
			{ID: unitID(3), Name: "甲县", In: unitID(2), Organ: unitID(3)}, {ID: unitID(4), Name: "乙县", In: unitID(2), Organ: unitID(4)},
			{ID: unitID(13), Name: "石桥镇", In: unitID(3), Organ: unitID(3)}, {ID: unitID(14), Name: "城关镇", In: unitID(3), Organ: unitID(3)},
			{ID: unitID(15), Name: "城关镇", In: unitID(4), Organ: unitID(4)}, {ID: unitID(16), Name: "石桥镇柳林村", In: unitID(13), Organ: unitID(3)},
			{ID: unitID(17), Name: "乙县农业农村局", In: unitID(4), Organ: unitID(4)},
		},
		Ranks: []envelope.Rank{
			{Code: "township", Name: map[string]string{locale.Zh: "乡科级", locale.En: "Township level"}, Managed: 3},
			{Code: "county", Name: map[string]string{locale.Zh: "县处级", locale.En: "County level"}, Managed: 2},
			{Code: "bureau", Name: map[string]string{locale.Zh: "厅局级", locale.En: "Bureau level"}, Managed: 1},
		},
		Terms: []envelope.Term{{What: "first_action", Length: 15, Unit: calendar.Workdays}, {What: "notice", Length: 15, Unit: calendar.Workdays}, {What: "result", Length: 15, Unit: calendar.Workdays}},
	}
	w.Portal = &portal.Portal{Calm: 1 << 20, Directory: func() *envelope.Directory { return w.d }, Calendar: calendar.Shipped(), Now: func() time.Time { return time.Date(2026, 9, 18, 9, 30, 0, 0, calendar.Zone) }}
	skey, vkey, err := note.GenerateKey(nil, "portal")
	if err == nil {
		w.Signer, err = note.NewSigner(skey)
	}
	if err == nil {
		w.verifier, err = note.NewVerifier(vkey)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.open(t)
	return w
}

// open starts the portal over its folder, as after a crash.
func (w *world) open(t testing.TB) {
	t.Helper()
	s, err := spool.Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	w.Spool, w.Handler = s, w.Portal.Handler()
}

type file struct {
	name    string
	content []byte
}

var order = []string{"token", "unit", "unit_id", "organ", "post", "subject", "rank", "level", "when", "text", "only", "named", "name", "contact", "watch", "works", "office", "fear", "pass", "proof"}

// typed is a form that lacks nothing, with changes.
func typed(change ...string) map[string]string {
	f := map[string]string{"token": envelope.NewToken(), "unit": "石桥镇", "post": "站长‘<i>甲</i>’", "subject": "周某某", "level": "county", "when": "去年秋天",
		"text": "管护费<b>发放表</b>上的签字\n不是本人签的", "only": "签字那天只有我在场", "named": "no"}
	for i := 0; i < len(change); i += 2 {
		f[change[i]] = change[i+1]
	}
	return f
}

func multi(f map[string]string, files ...file) (body io.Reader, kind string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, name := range order {
		if v, ok := f[name]; ok {
			_ = m.WriteField(name, v) // a buffer takes everything
		}
	}
	if len(files) == 0 {
		files = []file{{}} // what a browser sends where nothing was chosen
	}
	for _, x := range files {
		p, _ := m.CreateFormFile("files", x.name)
		_, _ = p.Write(x.content)
	}
	_ = m.Close()
	return &b, m.FormDataContentType()
}

type answer struct {
	*httptest.ResponseRecorder
	body string
}

func (w *world) ask(method, path, kind string, body io.Reader) answer {
	r := httptest.NewRequest(method, path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return w.serve(r)
}

// serve follows to the page that is held.
func (w *world) serve(r *http.Request) answer {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	if rec.Code == http.StatusSeeOther {
		return w.get(rec.Header().Get("Location"))
	}
	return answer{rec, rec.Body.String()}
}

func (w *world) get(path string) answer { return w.ask(http.MethodGet, path, "", http.NoBody) }

func (w *world) post(f map[string]string, files ...file) answer {
	body, kind := multi(f, files...)
	return w.ask(http.MethodPost, "/", kind, body)
}

const urlencoded = "application/x-www-form-urlencoded"

func (w *world) look(receipt string) answer {
	return w.ask(http.MethodPost, "/look", urlencoded, strings.NewReader("receipt="+strings.ReplaceAll(receipt, " ", "+")))
}

var reReceipt = regexp.MustCompile(`<span>(\d{4})</span>\s*<span>(\d{4})</span>\s*<span>(\d{4})</span>\s*<span>(\d{4})</span>`)

// receipt is the one on a page.
func (a answer) receipt(t testing.TB) envelope.Receipt {
	t.Helper()
	m := reReceipt.FindStringSubmatch(a.body)
	if a.Code != http.StatusOK || m == nil {
		t.Fatalf("no receipt: %d\n%s", a.Code, a.body)
	}
	r, err := envelope.ParseReceipt(strings.Join(m[1:], ""))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (a answer) has(t testing.TB, texts ...string) {
	t.Helper()
	for _, x := range texts {
		if !strings.Contains(html.UnescapeString(a.body), x) {
			t.Errorf("the page (%d) does not say %q", a.Code, x)
		}
	}
}

func (a answer) hasNot(t testing.TB, texts ...string) {
	t.Helper()
	for _, x := range texts {
		if strings.Contains(html.UnescapeString(a.body), x) {
			t.Errorf("the page (%d) says %q", a.Code, x)
		}
	}
}

// in lists a folder of the spool.
func (w *world) in(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(w.dir, dir), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, e.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// nowhere looks for texts in every byte and every name of the spool.
func (w *world) nowhere(t testing.TB, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // a file on its way has got its name meanwhile
		}
		for _, x := range texts {
			if bytes.Contains(b, []byte(x)) || strings.Contains(path, x) {
				t.Errorf("%q can be read in %s", x, strings.TrimPrefix(path, w.dir))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// letter opens what was lodged under a receipt with an organ's key.
func (w *world) letter(t testing.TB, r envelope.Receipt, organ string) (envelope.Envelope, envelope.Letter) {
	t.Helper()
	e, ok, err := w.Spool.Envelope(r.Secrets().Name)
	if err != nil || !ok {
		t.Fatalf("%s is not there: %v", r, err)
	}
	l, plain, err := e.Open(w.private[organ])
	if err == nil {
		err = e.Check(r.Secrets(), plain)
	}
	if err != nil {
		t.Fatalf("%s opens it: %v", organ, err)
	}
	return e, l
}
