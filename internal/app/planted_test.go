package app_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"log"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/portal"
)

// kept takes what is written from several sides.
type kept struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (k *kept) Write(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.Write(b)
}

var reDigits = regexp.MustCompile(`<span>(\d{4})</span>\s*<span>(\d{4})</span>\s*<span>(\d{4})</span>\s*<span>(\d{4})</span>`)

// TestPlanted is T50: an address, an agent, a name, a way to reach somebody, what they wrote and what their file was called go
// in at the public side, are read, entered, accepted, answered and backed up on the work side, and then stand in no log, no
// temporary file, no spool, no database and no backup, in whatever form.
func TestPlanted(t *testing.T) { // not beside others: it has a folder for temporary files of its own
	for engine, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			dir, said := t.TempDir(), &kept{}
			d := open(t)
			w := apptest.New(t, d)
			w.Log = said
			w.Spool(dir)
			log.SetOutput(said)
			t.Cleanup(func() { log.SetOutput(os.Stderr) })
			words, err := w.App.Directory(apptest.Ctx, d.Today())
			if err != nil {
				t.Fatal(err)
			}
			skey, _, err := note.GenerateKey(nil, "portal")
			if err != nil {
				t.Fatal(err)
			}
			signer, err := note.NewSigner(skey)
			if err != nil {
				t.Fatal(err)
			}
			outside := httptest.NewUnstartedServer((&portal.Portal{Directory: func() *envelope.Directory { return &words }, Spool: w.App.Spool, Calendar: calendar.Shipped(), Now: func() time.Time { return d.Now().Time() }, Signer: signer}).Handler())
			outside.Config.ErrorLog = log.New(said, "", 0)
			outside.Start()
			defer outside.Close()

			const address, agent, letter, more, filed = "203.0.113.77", "HuaweiBrowser/9.1 planted", "管护费发放表上第三行的签字不是本人签的", "流水账第二本在会计家的柜子里", "穆某的录音笔记"
			const name, contact, only = "穆桂枝", "傍晚打到村口小卖部找她", "签字那天屋里只有两个人"
			send := func(path string, fields map[string]string, file string) string {
				t.Helper()
				var b bytes.Buffer
				m := multipart.NewWriter(&b)
				for _, k := range []string{"token", "receipt", "kind", "unit", "post", "level", "when", "text", "only", "named", "name", "contact"} {
					if v, ok := fields[k]; ok {
						_ = m.WriteField(k, v) // a buffer takes everything
					}
				}
				p, _ := m.CreateFormFile("files", filed+".txt")
				_, _ = p.Write([]byte(file))
				_ = m.Close()
				req, err := http.NewRequest(http.MethodPost, outside.URL+path, &b)
				if err != nil {
					t.Fatal(err)
				}
				req.Header = http.Header{"Content-Type": {m.FormDataContentType()}, "User-Agent": {agent}, "X-Forwarded-For": {address}, "Forwarded": {"for=" + address}, "X-Real-Ip": {address}}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				page, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != http.StatusOK {
					t.Fatalf("%s: %d %v\n%s", path, res.StatusCode, err, page)
				}
				return string(page)
			}
			page := send("/", map[string]string{"token": envelope.NewToken(), "unit": w.Units["full"].Name, "post": "林业站站长", "level": "county", "when": "去年秋天", "text": letter, "only": only, "named": "yes", "name": name, "contact": contact}, "第一本流水账")
			digits := reDigits.FindStringSubmatch(page)
			if digits == nil {
				t.Fatal(page)
			}
			receipt := envelope.Receipt(strings.Join(digits[1:], ""))
			send("/look/say", map[string]string{"token": envelope.NewToken(), "receipt": string(receipt), "kind": envelope.More, "text": more}, "第二本流水账")

			// The work side does all there is to do with it.
			l := apptest.Lodged{Receipt: receipt}
			var ok bool
			if l.Envelope, ok, err = w.App.Spool.Envelope(receipt.Secrets().Name); err != nil || !ok {
				t.Fatalf("it is not there: %v", err)
			}
			w.TakeIn(&l)
			w.Unlock("county", "city")
			o, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), l.Letter, "启封登记")
			if err != nil || o.Text.Text != letter {
				t.Fatalf("%+v, %v", o, err)
			}
			file(t, w, "intake", l.Letter, filed+".txt", "第一本流水账")
			e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entryFrom(w, l.Letter))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.App.Likeness.Update(apptest.Ctx, w.Units["county"].ID); err != nil {
				t.Fatal(err)
			}
			w.Do("intake", e.ID, "accept", nil)
			w.Do("intake", e.ID, "say", flow.Values{"words": {"请补充发放表原件在谁手里。"}})
			w.Work()
			srv := w.Serve()
			for _, at := range []string{"/", "/letters", "/tipoffs", "/m/" + e.ID.String(), "/m/" + l.Letter.String(), "/search?q=" + url.QueryEscape(name), "/m/nothing"} {
				w.Get(srv, "intake", at)
			}
			if said.b.Len() == 0 {
				t.Error("nothing is logged at all")
			}

			var saved bytes.Buffer
			if _, err := backup.Write(apptest.Ctx, d, &saved, backup.Options{}); err != nil {
				t.Fatal(err)
			}
			z, err := gzip.NewReader(&saved)
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(z)
			if err != nil || len(all) < 1<<16 {
				t.Fatalf("%d bytes, %v", len(all), err)
			}
			places := map[string][]byte{"the backup": all, "the logs": said.b.Bytes()}
			for _, from := range []string{dir, temp, d.Folder()} {
				if from == "" {
					continue
				}
				err := filepath.WalkDir(from, func(path string, x fs.DirEntry, err error) error {
					if err != nil || x.IsDir() {
						return err
					}
					b, err := os.ReadFile(path)
					places[path] = append(b, path...)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if len(places) < 8 {
				t.Errorf("only %d places were looked through", len(places))
			}
			needles := map[string]string{"address": address, "agent": agent, "name": name, "contact": contact, "letter": letter, "only": only, "more": more, "file's name": filed, "file": "第一本流水账", "receipt": string(receipt), "receipt as written": receipt.String()}
			for place, b := range places {
				for what, text := range needles {
					for form, x := range forms(text) {
						if bytes.Contains(b, x) {
							t.Errorf("%s holds the %s, %s", place, what, form)
						}
					}
				}
			}
			// What is looked for would be found: the clerk's own summary is ordinary text.
			if !bytes.Contains(all, []byte(entryFrom(w, l.Letter).Summary)) {
				t.Error("not even the summary is found in the backup")
			}
		})
	}
}

// forms are the ways in which a text may stand in a file.
func forms(text string) map[string][]byte {
	var wide, escaped []byte
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
		escaped = fmt.Appendf(escaped, `\u%04x`, u)
	}
	out := map[string][]byte{"as it is": []byte(text), "in UTF-16": wide, "escaped": escaped, "in hex": []byte(hex.EncodeToString([]byte(text))), "in an address": []byte(url.QueryEscape(text))}
	for skip := range 3 { // where a group of three may begin
		if b := base64.StdEncoding.EncodeToString([]byte(text)[skip:]); len(b) > 12 {
			out[fmt.Sprintf("in base64 from %d", skip)] = []byte(b[:len(b)-4])
		}
	}
	return out
}
