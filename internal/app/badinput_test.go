package app_test

import (
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// browser posts forms as a browser does.
type browser struct {
	t    *testing.T
	w    *apptest.World
	h    http.Handler
	keys int
}

func browse(t *testing.T, w *apptest.World) *browser {
	return &browser{t: t, w: w, h: w.Mux().Handler()}
}

// send posts a body as it is.
func (b *browser) send(who, path, kind string, body io.Reader) (int, string, http.Header) {
	b.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, body)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept-Language", "zh-CN")
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	res := httptest.NewRecorder()
	b.h.ServeHTTP(res, req)
	return res.Code, res.Body.String(), res.Header()
}

const formKind = "application/x-www-form-urlencoded"

// post sends a form under a key of its own.
func (b *browser) post(who, path string, f url.Values) (int, string) {
	b.t.Helper()
	b.keys++
	f = maps.Clone(f)
	f.Set("_key", fmt.Sprint("k", b.keys))
	code, text, _ := b.send(who, path, formKind, strings.NewReader(f.Encode()))
	return code, text
}

// acts is how much was ever done in the city.
func (b *browser) acts() (n int) {
	b.t.Helper()
	if err := b.w.App.DB.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(seq) FROM acts WHERE city_id = $1`).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// unwritten checks that something was answered with a status and that nothing was written for it.
func (b *browser) unwritten(what string, want int, do func() (int, string)) string {
	b.t.Helper()
	before := b.acts()
	code, text := do()
	if code != want {
		b.t.Errorf("%s: %d, want %d", what, code, want)
	}
	if after := b.acts(); after != before {
		b.t.Errorf("%s: %d acts were written", what, after-before)
	}
	return text
}

// refused checks that a form comes back with a message beside a field and with everything that was typed.
func (b *browser) refused(what, who, path, field, message string, f url.Values) {
	b.t.Helper()
	text := b.unwritten(what, http.StatusUnprocessableEntity, func() (int, string) { return b.post(who, path, f) })
	if !strings.Contains(text, `-`+field+`-e"`) || !strings.Contains(text, message) {
		b.t.Errorf("%s: nothing beside %s says %q", what, field, message)
	} else if before := text[:strings.Index(text, `-`+field+`-e"`)]; strings.LastIndex(before, "<details") > strings.LastIndex(before, "</details>") {
		if tag, _, _ := strings.Cut(before[strings.LastIndex(before, "<details"):], ">"); !strings.Contains(tag, " open") {
			b.t.Errorf("%s: what is said beside %s is folded away", what, field)
		}
	}
	for name, v := range f {
		if name != field && v[0] != "" && name[0] != '_' && !strings.Contains(text, html.EscapeString(v[0])) {
			b.t.Errorf("%s: what was typed into %s is lost", what, name)
		}
	}
}

func without(f url.Values, name string) url.Values {
	f = maps.Clone(f)
	f.Del(name)
	return f
}

func with(f url.Values, name, v string) url.Values {
	f = maps.Clone(f)
	f.Set(name, v)
	return f
}

// letter is the counter's form, filled in.
func letter(w *apptest.World) url.Values {
	return url.Values{"unit": {w.Units["full"].ID.Key}, "subject_name": {"吴某"}, "post": {"农业综合服务中心主任"}, "rank": {"staff"}, "category": {"c2"}, "party_member": {"yes"}, "channel": {"transfer"}, "from_kind": {"audit"},
		"received": {"2026-10-12"}, "named": {"yes"}, "reporter_name": {"赵六"}, "reporter_contact": {"13900000000"}, "title": {"反映虚报管护费"}, "summary": {"来信反映虚报管护费，数额不详。"}, "discipline": {"integrity"}}
}

// form is the form of a move, filled in.
func form(w *apptest.World, m id.ID, in vals) url.Values {
	f := url.Values{"_version": {fmt.Sprint(w.Matter(m).Version)}}
	maps.Copy(f, in)
	return f
}

// TestMissingThings: every required thing missing in turn, on the counter's form and on moves.
func TestMissingThings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		b := browse(t, w)
		for _, field := range []string{"post", "rank", "channel", "from_kind", "received", "reporter_name", "reporter_contact", "title", "summary", "discipline"} {
			b.refused("the counter without "+field, "intake", "/tipoffs", field, "", without(letter(w), field))
		}
		b.refused("the counter without unit", "intake", "/tipoffs", "unit_typed", "", with(without(letter(w), "unit"), "unit_typed", "没有这个乡镇"))
		b.refused("an original too long", "intake", "/tipoffs", "original", "", with(letter(w), "original", strings.Repeat("长", 20001)))
		b.refused("late without a reason", "intake", "/tipoffs", "late_reason", "", with(letter(w), "received", "2026-09-28"))
		if code, _ := b.post("intake", "/tipoffs", letter(w)); code != http.StatusSeeOther {
			t.Errorf("the whole form: %d", code)
		}
		m := handed(t, w, "full", "county.office1")
		propose := vals{"disposal": {"inquiry"}, "reason": {"需要本人说明。"}, "studied_on": {"2026-10-12"}, "studied_by": {"姜、戚、谢三人"}, "inquiry_form": {"talk"}, "talk_by": {"handling"}, "inquiry_plan": {"谈话方案见附件。"}}
		if os := w.App.Rules.Terms("talk_by", d.Today()); len(os) > 0 {
			propose["talk_by"] = []string{os[0].Code}
		}
		path := "/m/" + m.String() + "/do/propose"
		for field := range propose {
			b.refused("a disposal without "+field, "handler", path, field, "", without(form(w, m, propose), field))
		}
		if code, _ := b.post("handler", path, form(w, m, propose)); code != http.StatusSeeOther {
			t.Errorf("the whole disposal: %d", code)
		}
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entry(w))
		if err != nil {
			t.Fatal(err)
		}
		decline := vals{"ground": {"litigation"}, "reason": {"属于涉法涉诉事项。"}, "told_where": {"县人民法院"}}
		for field := range decline {
			b.refused("a refusal without "+field, "intake", "/m/"+e.ID.String()+"/do/decline", field, "", without(form(w, e.ID, decline), field))
		}
	})
}

// TestOddInput: what a person would hardly type, and a program would.
func TestOddInput(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		b := browse(t, w)
		for what, v := range map[string]string{"NUL": "反映\x00问题", "escape": "反映\x1b[31m问题", "right-to-left": "反映\u202e问题", "isolate": "反映\u2066问题", "bad UTF-8": "反映\xff\xfe问题", "line break": "反映\n问题",
			"over-long": strings.Repeat("长", 81), "blank": " \u3000\t "} {
			b.unwritten(what, http.StatusUnprocessableEntity, func() (int, string) { return b.post("intake", "/tipoffs", with(letter(w), "title", v)) })
		}
		for _, v := range []string{"2026-02-30", "0000-01-01", "9999-12-31", "2026-13-01", "-2026-01-01", "2026-1-1", "20261012", "1066-10-14", "昨天", "2026-10-13", strings.Repeat("9", 4000)} {
			b.unwritten("received on "+v[:min(len(v), 12)], http.StatusUnprocessableEntity, func() (int, string) { return b.post("intake", "/tipoffs", with(letter(w), "received", v)) })
		}
		for _, c := range []struct{ name, v string }{{"unit", "../../etc/passwd"}, {"unit", strings.Repeat("0", 5000)}, {"unit", w.Units["othertown"].ID.Key}, {"unit", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, {"official", "' OR 1=1 --"}, {"rank", "emperor"}, {"category", "c99"}, {"channel", "telepathy"},
			{"discipline", "integrity\x00"}, {"from_kind", "x"}, {"summary", strings.Repeat("长", 4001)}, {"reporter_contact", strings.Repeat("1", 5000)}, {"subject_name", "\u202e吴"}, {"post", strings.Repeat("主", 500)}} {
			b.unwritten(c.name+" forged", http.StatusUnprocessableEntity, func() (int, string) { return b.post("intake", "/tipoffs", with(letter(w), c.name, c.v)) })
		}
		// What looks odd and is somebody's name or words is kept as it is, and shown inert.
		odd := "𠮷㐂某😀<script>alert(1)</script>"
		if code, _ := b.post("intake", "/tipoffs", with(with(letter(w), "subject_name", "𠮷㐂某"), "title", odd)); code != http.StatusSeeOther {
			t.Fatalf("rare characters: %d", code)
		}
		key, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.title = $2 AND m.subject = '𠮷㐂某'`, odd)
		if err != nil || len(key) != 1 {
			t.Fatalf("%v %v", key, err)
		}
		srv := w.Serve()
		for _, p := range []string{"/m/" + (id.ID{City: apptest.City, Key: key[0]}).String(), "/tipoffs", "/search?q=" + url.QueryEscape("𠮷㐂"), "/search?q=" + url.QueryEscape("<script>alert(1)</script>")} {
			if code, text := w.Get(srv, "intake", p); code != http.StatusOK || strings.Contains(text, "<script>alert") || !strings.Contains(text, "&lt;script&gt;alert") {
				t.Errorf("%s: %d, or the title isn't shown inert", p, code)
			}
		}
		for _, q := range []string{"?view=" + strings.Repeat("a", 60000), "?view=%00", "?after=%ff", "?after=9%27--", "?sort=(CASE WHEN 1=1 THEN title END)", "?page=-1", "?unit=../../x", "?q=%00%ff%fe", "?q=" + strings.Repeat("%25_", 5000), "?" + strings.Repeat("a=b&", 9000), "?;;;&&&===", "?from=2026-02-30&to=x"} {
			for who, paths := range map[string][]string{"supervision": {"/clues", "/cases", "/search", "/watch", "/superior", "/force"}, "auditor": {"/admin/audit"}, "sysadmin": {"/admin/accounts"}, "intake": {"/tipoffs", "/tipoffs/new", "/tipoffs/repeats", "/tipoffs/standing"}} {
				for _, p := range paths {
					req := httptest.NewRequest(http.MethodGet, strings.ReplaceAll(p+q, " ", "%20"), nil)
					req.AddCookie(&http.Cookie{Name: "qs", Value: who})
					res := httptest.NewRecorder()
					b.h.ServeHTTP(res, req)
					if res.Code >= 500 {
						t.Errorf("%s%.40s by %s: %d", p, q, who, res.Code)
					}
				}
			}
		}
	})
}

// TestForgedMoves: moves that are stale, unknown, of another kind, or on things elsewhere.
func TestForgedMoves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		b := browse(t, w)
		m := handed(t, w, "full", "county.office1")
		path := "/m/" + m.String() + "/do/"
		f := form(w, m, disposal("verification"))
		for _, v := range []string{"1", "0", "-1", "999", "x", "", "99999999999999999999999"} {
			text := b.unwritten("version "+v, http.StatusConflict, func() (int, string) { return b.post("handler", path+"propose", with(f, "_version", v)) })
			if !strings.Contains(text, "问题具体，可查。") {
				t.Errorf("version %q: what was typed is lost", v)
			}
		}
		for _, name := range []string{"conquer", "PROPOSE", "propose%00", "..%2f..", "finish", strings.Repeat("a", 3000)} {
			b.unwritten("move "+name[:min(len(name), 10)], http.StatusNotFound, func() (int, string) {
				code, text := b.post("handler", path+name, f)
				if code == http.StatusBadRequest {
					code = http.StatusNotFound // a NUL is refused before anything is looked for
				}
				return code, text
			})
		}
		b.unwritten("a move of another state", http.StatusConflict, func() (int, string) { return b.post("handler", path+"sign", f) })
		for _, key := range []string{"2.01ARZ3NDEKTSV4RRFFQ69G5FAV", "1." + m.Key, "3." + m.Key, "99999999999." + m.Key, "0." + m.Key, "-2." + m.Key, m.Key, "2.", "x", "%00", strings.Repeat("2.", 400)} {
			b.unwritten("matter "+key[:min(len(key), 12)], http.StatusNotFound, func() (int, string) {
				code, text := b.post("handler", "/m/"+key+"/do/propose", f)
				if code == http.StatusBadRequest {
					code = http.StatusNotFound
				}
				return code, text
			})
		}
		b.unwritten("another county", http.StatusNotFound, func() (int, string) { return b.post("othersupervision", path+"reassign", f) })
		b.unwritten("a decision that is none", http.StatusNotFound, func() (int, string) {
			return b.post("head", "/p/2.01ARZ3NDEKTSV4RRFFQ69G5FAV/decide", url.Values{"decision": {"approve"}, "_version": {"1"}})
		})
		w.Do("handler", m, "propose", disposal("verification"))
		p := "/p/" + open(t, w, m).ID.String() + "/decide"
		for _, v := range []string{"", "perhaps", "APPROVE"} {
			b.unwritten("decision "+v, http.StatusBadRequest, func() (int, string) { return b.post("head", p, with(form(w, m, nil), "decision", v)) })
		}
		b.unwritten("returned without a reason", http.StatusUnprocessableEntity, func() (int, string) {
			code, text := b.post("head", p, with(form(w, m, nil), "decision", "return"))
			if optional := locale.T(locale.Zh, "form.optional"); !strings.Contains(text, locale.T(locale.Zh, "fault.return.reason")) || strings.Contains(text, optional) {
				t.Errorf("a return without a reason does not say what to write, or calls it %s", optional)
			}
			return code, text
		})
		b.unwritten("a stale approval", http.StatusConflict, func() (int, string) {
			return b.post("head", p, url.Values{"decision": {"approve"}, "_version": {"1"}})
		})
	})
}

// TestBrokenRequests: bodies that are no form, or none that is read; and the same form sent again.
func TestBrokenRequests(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		b := browse(t, w)
		whole := letter(w).Encode()
		for what, c := range map[string]struct {
			kind string
			body io.Reader
			want []int
		}{
			"a huge body":        {formKind, io.LimitReader(zeros{}, 64<<20), []int{http.StatusRequestEntityTooLarge}},
			"broken escapes":     {formKind, strings.NewReader("title=%zz&" + whole), []int{http.StatusBadRequest}},
			"no form":            {"application/json", strings.NewReader(`{"title":"x"}`), []int{http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusUnsupportedMediaType}},
			"no type":            {"", strings.NewReader(whole), []int{http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusUnsupportedMediaType}},
			"nonsense type":      {";;;/=", strings.NewReader(whole), []int{http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusUnsupportedMediaType}},
			"broken multipart":   {"multipart/form-data; boundary=x", strings.NewReader("--x\r\nnonsense"), []int{http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusUnsupportedMediaType}},
			"without a boundary": {"multipart/form-data", strings.NewReader("x"), []int{http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusUnsupportedMediaType}},
		} {
			before := b.acts()
			code, _, _ := b.send("intake", "/tipoffs", c.kind, c.body)
			ok := b.acts() == before
			for _, n := range c.want {
				if n == code {
					code = 0
				}
			}
			if code != 0 || !ok {
				t.Errorf("%s: %d, nothing written: %v", what, code, ok)
			}
		}

		twice := func(f url.Values) (int, string) {
			code, _, h := b.send("intake", "/tipoffs", formKind, strings.NewReader(f.Encode()))
			return code, h.Get("Location")
		}
		f := with(letter(w), "_key", "the same")
		code, to := twice(f)
		after := b.acts()
		again, back := twice(f)
		if code != http.StatusSeeOther || again != code || back != to || b.acts() != after {
			t.Errorf("sent again: %d %s, then %d %s; %d more acts", code, to, again, back, b.acts()-after)
		}
		b.unwritten("the key for something else", http.StatusConflict, func() (int, string) { return twice(with(f, "title", "另一件事")) })
		w.Verify()
	})
}

// zeros is a body without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}
