package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/document"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/text"
)

// rare are names as people have them and programs lose them.
var rare = map[string]string{
	"beyond the first plane": "𠮷𪚥",
	"the 㐀 range":            "㐂䶮",
	"the newest planes":      "𰻝某",
	"a variant chosen":       "葛\U000e0100某",
	"a middle dot":           "阿依古丽·买买提",
	"an emoji":               "😀某",
	"joined emoji":           "👩‍👧某",
	"a right-to-left name":   "محمد",
	"a mark in it":           "某\u200f某",
	"a compatibility form":   "﨑凉",
	"letters and accents":    "José 某",
	"a full-width letter":    "Ａ某",
}

// TestRareNames is T40: a name is stored, found, shown, printed and given out letter by letter as it came, whether it was
// typed into a form, sent by a program or brought in a table.
func TestRareNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		c := &crawler{walker: (&furnished{w, t, nil}).walker(), b: browse(t, w), seen: map[string]bool{}, shapes: map[string]int{}}
		code := 0
		for what, name := range rare {
			code++
			town := w.Units["county"].Code[:6] + string(rune('0'+code/10)) + string(rune('0'+code%10)) + "9000"
			for kind, x := range map[string][2][]string{
				"divisions": {{"code", "unit_name", "short"}, {town, name + "乡", name}},
				"officials": {{"unit", "name", "post", "rank", "category", "party_member"}, {w.Units["full"].Code, name, name + "站站长", "staff", "c2", "yes"}},
			} {
				if !c.bring("cityorg", kind, x[0], x[1]) {
					t.Errorf("%s: %s don't take it", what, kind)
				}
			}
			e, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: name, Post: name + "站站长", Rank: "staff", Category: "c2", PartyMember: true},
				Source: "found", Received: d.Today(), Title: "反映" + name + "虚报费用", Summary: "反映" + name + "虚报。", Discipline: "integrity"})
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			w.Do("supervision", e.ID, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
			q, err := w.App.Papers().Issue(apptest.Ctx, w.As("handler"), e.ID, document.Issuing{Code: "disposal_form", Title: "关于" + name + "的报告", Addressee: name, Body: "被反映人：" + name + "\n" + name + "虚报。"})
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			m := "/m/" + e.ID.String()
			for _, x := range []struct{ who, path, wants string }{
				{"handler", m, "反映" + name + "虚报费用"}, {"handler", m, name + "站站长 " + name}, {"handler", m + "/papers/" + q.Key, "关于" + name + "的报告"}, {"handler", m + "/papers/" + q.Key, name + "虚报。"},
				{"supervision", "/clues", "反映" + name + "虚报费用"}, {"supervision", "/search?q=" + url.QueryEscape(name), "反映" + name + "虚报费用"},
				{"supervision", "/pick/officials?" + url.Values{"unit": {w.Units["full"].ID.Key}, "subject_name": {name}}.Encode(), name + "　" + name + "站站长"},
				{"supervision", "/pick/units?" + url.Values{"unit_typed": {name}}.Encode(), name + "乡"}, {"cityorg", "/units/" + w.Units["county"].ID.String(), name + "乡"},
			} {
				if strings.HasPrefix(x.path, "/pick/") && text.Fold(name) != name {
					continue // found by the plain form of what is typed only where the name has no other
				}
				if a := c.get(x.who, x.path); a.code != http.StatusOK || !strings.Contains(html.UnescapeString(a.body), x.wants) {
					t.Errorf("%s: %s by %s: %d, without %q", what, x.path, x.who, a.code, x.wants)
				}
			}
			var one struct {
				Matter   struct{ Title, Subject string }
				Subjects []struct{ Name string }
			}
			if a := c.get("handler", "/api/v1/clues/"+e.ID.String()); json.Unmarshal([]byte(a.body), &one) != nil || one.Matter.Title != "反映"+name+"虚报费用" || one.Matter.Subject != name || len(one.Subjects) != 1 || one.Subjects[0].Name != name {
				t.Errorf("%s: programs are told %+v", what, one)
			}
		}
		c.tablesHold()
		c.reportHolds()
		w.Verify()
	})
}

// tablesHold looks for every rare name in the tables that are given out.
func (c *crawler) tablesHold() {
	c.t.Helper()
	for kind, who := range map[string]string{"officials": "cityorg", "divisions": "cityorg", "clues": "supervision"} {
		a := c.get(who, "/export?format=csv&kind="+kind)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
		c.must(err)
		a = c.get(who, "/export?format=xlsx&kind="+kind)
		book, err := excelize.OpenReader(strings.NewReader(a.body))
		c.must(err)
		sheet, err := book.GetRows(book.GetSheetName(0))
		c.must(errors.Join(err, book.Close()))
		for what, name := range rare {
			want := map[string]string{"officials": name, "divisions": name + "乡", "clues": "反映" + name + "虚报费用"}[kind]
			for form, table := range map[string][][]string{"csv": rows, "xlsx": sheet} {
				if !holds(table, want) {
					c.t.Errorf("%s: %s as %s lack %q", what, kind, form, want)
				}
			}
		}
	}
}

func holds(table [][]string, cell string) bool {
	for _, row := range table {
		for _, x := range row {
			if x == cell {
				return true
			}
		}
	}
	return false
}

// reportHolds looks for the name of every place in its own report, as a Word file.
func (c *crawler) reportHolds() {
	c.t.Helper()
	keys, err := db.All(c.t.Context(), c.App.DB.In(apptest.City), func(rows *db.Rows) (u [2]string, err error) { return u, rows.Scan(&u[0], &u[1]) }, `SELECT u.id, u.name FROM units u WHERE u.city_id = $1 AND u.kind = 'township'`)
	c.must(err)
	units := map[string]string{}
	for _, u := range keys {
		units[u[1]] = id.ID{City: apptest.City, Key: u[0]}.String()
	}
	for what, name := range rare {
		f := url.Values{"unit": {units[name+"乡"]}, "as": {"docx"}}
		a := c.send("principal", "/report/export", formKind, strings.NewReader(f.Encode()), -1)
		if a.code != http.StatusOK {
			c.t.Errorf("%s: the report of %q: %d", what, name+"乡", a.code)
			continue
		}
		if said := spelled(c.t, part(c.t, a.body, "word/document.xml")); !strings.Contains(said, name+"乡") {
			c.t.Errorf("%s: the report doesn't print %q: %.100q", what, name+"乡", said)
		}
	}
}

// spelled is the text of an XML document.
func spelled(t *testing.T, b []byte) (said string) {
	t.Helper()
	for dec := xml.NewDecoder(bytes.NewReader(b)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return said
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(xml.CharData); ok {
			said += string(s)
		}
	}
}

// part is one part of a file of the newer office programs.
func part(t *testing.T, body, name string) []byte {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := fs.ReadFile(z, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBidiRefused: what turns the order of other letters round is refused with a word of why, wherever it is typed, and
// nothing is written.
func TestBidiRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		b := browse(t, w)
		m := handed(t, w, "full", "county.office1")
		page := "/m/" + m.String()
		why := locale.T("zh-CN", "fault.text.control")
		for _, control := range []string{"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"} {
			odd := "张" + control + "三"
			for what, x := range map[string]struct {
				who, path string
				f         url.Values
			}{
				"a report's title":   {"intake", "/tipoffs", with(letter(w), "title", odd)},
				"its summary":        {"intake", "/tipoffs", with(letter(w), "summary", odd)},
				"its subject":        {"intake", "/tipoffs", with(letter(w), "subject_name", odd)},
				"its reporter":       {"intake", "/tipoffs", with(letter(w), "reporter_name", odd)},
				"a move's reason":    {"handler", page + "/do/propose", form(w, m, vals{"disposal": {"verification"}, "reason": {odd}, "studied_on": {string(d.Today())}, "studied_by": {odd}})},
				"a tie":              {"handler", page + "/recusal", url.Values{"ground": {"kin"}, "relation": {odd}}},
				"a paper":            {"handler", page + "/papers/new/disposal_form", url.Values{"title": {odd}, "body": {odd}, "do": {"issue"}}},
				"a delegation's why": {"head", "/delegations", url.Values{"to": {w.Who["head2"].Person}, "begins": {string(d.Today())}, "ends": {string(d.Today())}, "reason": {odd}}},
			} {
				page := b.unwritten(what, http.StatusUnprocessableEntity, func() (int, string) { return b.post(x.who, x.path, x.f) })
				if !strings.Contains(page, why) {
					t.Errorf("%s with %U: doesn't say why", what, []rune(control))
				}
			}
		}
	})
}
