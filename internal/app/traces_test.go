package app_test

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/document"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// twin is the furnished city made with chance that is no chance: two of them are the same to the last id, so that what
// one of them has more is all that can make a difference.
func twin(t *testing.T, d *db.DB) *walker {
	t.Helper()
	d.Keys = id.From(rand.NewChaCha8([32]byte{1}))
	w := furnish(t, d)
	w.Hire("citysupervision", "岑管", "supervision_clerk", "city")
	_, err := w.App.Org.Delegate(apptest.Ctx, w.As("deputy"), org.NewDelegation{To: w.Who["principal"].Person, Begins: w.App.DB.Today(), Ends: w.App.DB.Today().AddDays(30)})
	w.must(err)
	return w.walker()
}

// secret is what must leave no trace: a family of matters, its words and its parts.
type secret struct {
	what                 string
	tipoff, clue         id.ID
	name, title, summary string
	things               things
}

// named reports somebody of the commission by name, takes it up one level above, and does with it what can be done.
func (w *walker) named(who, by string) secret {
	w.t.Helper()
	p := w.Who[who]
	unit := w.As(who).Unit()
	at := unit.ID.Key
	if unit.Kind == "office" {
		at = unit.Superior
	}
	s := secret{what: who + " is named", name: p.Name, title: "反映" + p.Name + "收受礼金", summary: "来信反映" + p.Name + "在节日期间收受管理服务对象礼金。", things: things{}}
	e, err := w.App.Intake.Enter(apptest.Ctx, w.As(by), intake.Entry{Subject: org.SubjectInput{Unit: at, Name: p.Name, Post: "工作人员", Rank: "staff", Category: "c1", PartyMember: true},
		Channel: "letter", Received: w.App.DB.Today(), Named: true, Reporter: intake.Reporter{Name: "某甲", Contact: "某处"}, Title: s.title, Summary: s.summary, Discipline: "integrity"})
	w.must(err)
	s.tipoff = e.ID
	// Of a township's people the county is the level above, of the county's own the city.
	takes, leads := "intake", "principal"
	if w.Matter(e.ID).Organ == w.Units["city"].ID {
		takes, leads = "cityintake", "citychief"
	}
	w.Do(takes, e.ID, "accept", nil)
	s.clue = child(w.t, w.World, e.ID, "clue")
	w.parts(&s, takes, leads, leads)
	return s
}

// parts adds a file, a paper and a declared tie to a secret, and notes its deadlines.
func (w *walker) parts(s *secret, intake, handler, tied string) {
	w.t.Helper()
	for kind, m := range map[string]id.ID{"tipoff": s.tipoff, "clue": s.clue} {
		who := map[string]string{"tipoff": intake, "clue": handler}[kind]
		f, err := w.App.Custody.Add(apptest.Ctx, w.As(who), m, "举报材料.pdf", strings.NewReader(pdf))
		w.must(err)
		q, err := w.App.Papers().Issue(apptest.Ctx, w.As(who), m, document.Issuing{Code: paperOf[kind], Title: s.title, Addressee: "有关单位", Body: s.summary})
		w.must(err)
		x, err := w.App.Engine.Recuse(apptest.Ctx, w.As(tied), m, flow.NewRecusal{Ground: "kin", Relation: "同乡"})
		if fault.Code(err) != "recusal.asked" { // once for the family
			w.must(err)
		}
		clocks, err := db.Column[string](apptest.Ctx, w.App.DB.In(m.City), `SELECT c.id FROM clocks c WHERE c.city_id = $1 AND c.matter_id = $2 ORDER BY c.id`, m.Key)
		w.must(err)
		s.things[kind], s.things[kind+".file"], s.things[kind+".paper"], s.things[kind+".recusal"], s.things[kind+".clock"] = m, f, q, x.ID, id.ID{City: m.City, Key: clocks[0]}
	}
}

// recused is a report about an official that goes as far as a signature given in the leader's stead, and from which
// everybody who worked on it then steps aside.
func (w *walker) recused(people []string) secret {
	w.t.Helper()
	s := secret{what: "recused", name: "吴某", title: "反映虚报防汛物资款", summary: "来信反映镇农业服务中心负责人虚报防汛物资款。", things: things{}}
	in := entry(w.World)
	in.Subject.Unit, in.Title, in.Summary = w.Units["single"].ID.Key, s.title, s.summary
	e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
	w.must(err)
	s.tipoff = e.ID
	w.Do("intake", e.ID, "accept", nil)
	s.clue = child(w.t, w.World, e.ID, "clue")
	w.Do("supervision", s.clue, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
	w.Do("handler", s.clue, "propose", disposal("verification"))
	s.things["proposal"] = open(w.t, w.World, s.clue).ID
	w.Approve("head", s.clue)
	w.Approve("principal", s.clue) // in the deputy's stead, whose page of delegations lists it
	w.parts(&s, "intake", "handler", "principal")
	for _, who := range people {
		_, err := w.App.Engine.Recuse(apptest.Ctx, w.As("principal"), s.clue, flow.NewRecusal{Person: w.Who[who].Person, Ground: "kin", Order: true})
		w.must(err)
	}
	return s
}

// looks are the addresses at which somebody would look for a trace of a secret: every page there is, asked in every way
// that could answer about it.
func (w *walker) looks(s secret) []string {
	q := func(pairs ...string) string {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return "?" + v.Encode()
	}
	full, office := w.Units["full"].ID.Key, w.Units["county.office1"].ID.Key
	var lists []string
	for _, view := range []string{flow.ViewAll, flow.ViewOpen, flow.ViewEnded, flow.ViewSoon, flow.ViewLate, flow.ViewWaiting, clue.Pool, clue.VerifyPlan, intake.Received, intake.InHand} {
		lists = append(lists, q("view", view, "limit", "200"))
	}
	lists = append(lists, q("view", "all", "township", full), q("view", "all", "handler", office), q("view", "all", "source", "tipoff"), q("view", "all", "after", string(w.App.DB.Today().AddDays(1))+"_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"))
	about := q("unit", full, "unit_typed", "石桥镇", "subject_name", s.name, "post", "负责人", "rank", "staff", "title", s.title, "summary", s.summary)
	asks := map[string][]string{
		"/search":             {q("q", s.name), q("q", s.title), q("q", "收受礼金"), q("q", "防汛物资款"), q("q", "管理服务对象"), q("q", "云渡纪信"), q("q", "XX纪线")},
		"/tipoffs/new":        {about},
		"/tipoffs/repeats":    {about, q("unit", w.Units["county"].ID.Key, "subject_name", s.name, "title", s.title, "summary", s.summary)},
		"/tipoffs/standing":   {about},
		"/pick/officials":     {q("unit", full, "subject_name", s.name), q("unit", w.Units["county"].ID.Key)},
		"/pick/units":         {q("unit_typed", "石桥")},
		"/admin/audit":        {q("family", "matter"), q("name", s.name), q("on", string(w.App.DB.Today()))},
		"/admin/accounts":     {q("q", s.name)},
		"/admin/posts":        {q("q", s.name)},
		"/api/v1/units":       {q("find", "石桥")},
		"/api/v1/desk":        {q("limit", "500")},
		"/measures":           {q("unit", w.Units["county"].ID.String()), q("unit", w.Units["full"].ID.String()), q("of", "place", "unit", w.Units["county"].ID.String()), q("of", "place", "unit", w.Units["full"].ID.String())},
		"/report":             {q("unit", w.Units["county"].ID.String())},
		"/api/v1/measures":    {q("unit", w.Units["county"].ID.String())},
		"/admin/posts/":       nil,
		"/watch":              {q("after", string(w.App.DB.Today())+"_00000000000000000000000000")},
		"/measures/{name}":    nil,
		"/import/template":    {q("kind", "clues")},
		"/api/v1/approvals":   nil,
		"/rules/timers":       nil,
		"/tipoffs":            lists,
		"/slips":              lists,
		"/clues":              lists,
		"/cases":              lists,
		"/api/v1/tipoffs":     lists,
		"/api/v1/slips":       lists,
		"/api/v1/clues":       lists,
		"/api/v1/cases":       lists,
		"/admin/accounts/new": {q("q", s.name)},
	}
	for _, kind := range exchange.Kinds {
		asks["/export"] = append(asks["/export"], q("kind", kind, "format", "csv"))
	}
	var out []string
	for _, r := range w.routes {
		if r.Method != http.MethodGet || r.Open {
			continue
		}
		if r.Path == "/measures/{name}" {
			for _, d := range w.App.Measures.All() {
				out = append(out, "/measures/"+d.Name+q("unit", w.Units["county"].ID.String()))
			}
			continue
		}
		for _, v := range visits(r) {
			for _, ts := range []things{w.things["office"], s.things} {
				if path, ok := v.address(ts); ok && !slices.Contains(out, path) {
					out = append(out, path)
					for _, ask := range asks[path] {
						out = append(out, path+ask)
					}
				}
			}
		}
	}
	return out
}

// Every act has its number in its organ's log, whatever it is about: that the numbers go on says that somebody worked.
var reActNumber = regexp.MustCompile(`记录\d+|"act":\d+`)

func numberless(s string) string { return reActNumber.ReplaceAllString(s, "") }

// pieces are the words of a page whatever their order: what an act says stands in no fixed one.
func pieces(s string) []string {
	return slices.Sorted(slices.Values(strings.FieldsFunc(s, func(r rune) bool { return r == '<' || r == '>' || r == '"' })))
}

// acts says whether what is asked for is written down as an act. An act takes the more statements the longer its organ's
// log is, which, as its number, says that somebody worked.
func acts(path string) bool {
	return strings.HasPrefix(path, "/export") || strings.Contains(path, "/files/")
}

// compare holds what somebody is shown in a world with secrets against one without, word for word, and how many statements
// it took, so that time tells nothing either. It says how much was shown at all.
func compare(with, without *walker, who string, s secret, apart func(path string) bool) (shown int) {
	with.t.Helper()
	for _, path := range with.looks(s) {
		if apart(path) {
			continue
		}
		a := with.get(who, path)
		b := without.get(who, path)
		if with.statements != without.statements && !(a.code == http.StatusOK && acts(path)) {
			with.t.Errorf("%s: %s takes %d statements for %s, where nothing is %d (answer %d)", s.what, path, with.statements, who, without.statements, a.code)
		}
		if a.code < 400 {
			shown++
		}
		got, want := a.same(nil), b.same(nil)
		if got == want {
			continue
		}
		if got, want = numberless(got), numberless(want); slices.Equal(pieces(got), pieces(want)) {
			continue
		}
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		near := func(x string) string { return strings.ToValidUTF8(x[max(0, i-60):min(len(x), i+60)], "") }
		with.t.Errorf("%s: %s shows a trace to %s: %d %q, where nothing is %d %q", s.what, path, who, a.code, near(got), b.code, near(want))
	}
	return shown
}

// TestNoTrace is T46: whoever is named in a matter, and whoever stepped aside from one, finds in every page, list, search,
// figure and file exactly what they would if the matter did not exist, and after as much work. For who stepped aside figures are as for everybody.
func TestNoTrace(t *testing.T) {
	t.Parallel()
	with, without := twin(t, dbtest.SQLite(t)), twin(t, dbtest.SQLite(t))
	hunt := func(who string, s secret, apart func(path string) bool) {
		if n := compare(with, without, who, s, apart); n < 20 {
			t.Errorf("%s was shown only %d pages", who, n)
		}
	}

	// Of the county's own people: the matter stands with the city, and the county has nothing of it, not even a figure.
	county := map[string]secret{"intake": with.named("intake", "cityintake")}
	for _, who := range []string{"supervision", "handler", "head", "deputy", "reviewer", "auditor"} {
		county[who] = with.named(who, "intake")
	}
	for who, s := range county {
		hunt(who, s, nowhere)
	}

	aside := []string{"handler", "head", "supervision", "intake", "deputy", "reviewer"}
	s := with.recused(aside)
	for _, who := range aside {
		hunt(who, s, figures)
		for _, path := range slices.DeleteFunc(with.looks(s), func(path string) bool { return !figures(path) }) {
			if a := with.get(who, path); strings.Contains(a.body, s.title) || strings.Contains(a.body, s.clue.Key) || strings.Contains(a.body, s.tipoff.Key) {
				t.Errorf("%s shows %s the matter itself", path, who)
			}
		}
	}

	// Of a township's people: it stands with the county, whose figures are the same for everybody; the township's own have
	// nothing of it.
	townships := map[string]secret{}
	for _, who := range []string{"secretary", "hldeputy"} {
		townships[who] = with.named(who, "intake")
	}
	for who, s := range townships {
		hunt(who, s, func(path string) bool {
			return figures(path) && strings.Contains(path, url.QueryEscape(with.Units["county"].ID.String()))
		})
	}
}

func nowhere(string) bool { return false }

// figures are the addresses of numbers, which are the same for everybody.
func figures(path string) bool {
	for _, p := range []string{"/measures", "/report", "/force", "/units/", "/api/v1/measures", "/api/v1/report"} {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
