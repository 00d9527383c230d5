package rulebook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"qianshao/internal/calendar"
)

// Text is a name or sentence in both languages.
type Text struct {
	Zh string `yaml:"zh" json:"zh"`
	En string `yaml:"en" json:"en"`
}

// In picks the language: "en", or Chinese for anything else.
func (t Text) In(lang string) string {
	if lang == "en" && t.En != "" {
		return t.En
	}
	return t.Zh
}

// Sure is how certain an entry's legal basis is. It is shown on the page as a small mark.
type Sure string

// The degrees, most certain first.
const (
	SureText       Sure = "text"       // the article itself was read
	SureSecondary  Sure = "secondary"  // read in commentary, a local rule or an older text
	SureUnverified Sure = "unverified" // no source read; to be checked against the original before it is relied on
	SureLocal      Sure = "local"      // this deployment's own rule where the regulations set none
)

// Transition says what a new version does to matters already under way (D18).
type Transition string

// The transitions.
const (
	Keep    Transition = "keep"    // running obligations stay under the version they began with
	Switch  Transition = "switch"  // they are computed anew under the new version, as a recorded run
	Lighter Transition = "lighter" // whichever of the two is the more lenient to the person concerned
)

// Basis points at a regulation and an article: "29", "31(6)" for an item, "14–18" for a run of articles, "ch. 4" for
// a chapter.
type Basis struct {
	Reg  string `yaml:"reg" json:"reg"`
	Art  string `yaml:"art" json:"art,omitempty"`
	Note Text   `yaml:"note" json:"note,omitzero"`
}

// Force is what every entry carries: its legal basis, certainty and dates. Without From it holds for all earlier days
// as well: of the text then in force no different rule is known.
type Force struct {
	Basis      []Basis       `yaml:"basis" json:"basis,omitempty"`
	Sure       Sure          `yaml:"sure" json:"sure"`
	Version    string        `yaml:"version" json:"version"`
	From       calendar.Date `yaml:"from" json:"from,omitempty"`
	To         calendar.Date `yaml:"to" json:"to,omitempty"`
	Transition Transition    `yaml:"transition" json:"transition,omitempty"`
	Note       Text          `yaml:"note" json:"note,omitzero"` // what is doubtful, or still to be checked
}

// or fills what an entry leaves out from its list's own basis, certainty and dates.
func (f Force) or(list Force) Force {
	if f.Basis == nil {
		f.Basis = list.Basis
	}
	if f.Note == (Text{}) {
		f.Note = list.Note
	}
	f.Sure, f.Version = cmp.Or(f.Sure, list.Sure), cmp.Or(f.Version, list.Version)
	f.From, f.To, f.Transition = cmp.Or(f.From, list.From), cmp.Or(f.To, list.To), cmp.Or(f.Transition, list.Transition)
	return f
}

// Holds says whether the entry is in force on the day.
func (f Force) Holds(on calendar.Date) bool {
	return (f.From == "" || f.From <= on) && (f.To == "" || on < f.To)
}

// Regulation is one legal text.
type Regulation struct {
	Key    string        `yaml:"key" json:"key"`
	Name   Text          `yaml:"name" json:"name"`
	Short  Text          `yaml:"short" json:"short"`
	Issued calendar.Date `yaml:"issued" json:"issued,omitempty"`
	From   calendar.Date `yaml:"from" json:"from,omitempty"`
	Sure   Sure          `yaml:"sure" json:"sure"`
	Note   Text          `yaml:"note" json:"note,omitzero"`
}

// Unit is what a Timer counts.
type Unit = calendar.Unit

// The units. Calendar days and months that end on no working day end on the next one when the timer rolls.
const (
	Workdays = calendar.Workdays
	Days     = calendar.Days
	Months   = calendar.Months
)

// Extension says how a timer may be lengthened.
type Extension struct {
	Length   int     `yaml:"length" json:"length"`         // 0: as approved, no fixed length
	Fixed    int     `yaml:"fixed" json:"fixed,omitempty"` // how many have that length, the further ones being as approved; 0: all
	Unit     Unit    `yaml:"unit" json:"unit"`
	Times    int     `yaml:"times" json:"times"` // 0: without a fixed number
	Approval string  `yaml:"approval" json:"approval"`
	Basis    []Basis `yaml:"basis" json:"basis,omitempty"`
	Sure     Sure    `yaml:"sure" json:"sure"`
}

// Of is the length of the nth extension; 0: as approved.
func (x Extension) Of(nth int) int {
	if x.Fixed > 0 && nth > x.Fixed {
		return 0
	}
	return x.Length
}

// Bounds is what a county may set instead of Length; nothing when both are zero.
type Bounds struct {
	Min int `yaml:"min" json:"min"`
	Max int `yaml:"max" json:"max"`
}

// Timer is one statutory or local length of time.
type Timer struct {
	ID      string     `yaml:"id" json:"id"`
	Name    Text       `yaml:"name" json:"name"`   // what is owed: "提出处置意见"
	Start   Text       `yaml:"start" json:"start"` // what sets it off: "收到线索"
	Length  int        `yaml:"length" json:"length"`
	Unit    Unit       `yaml:"unit" json:"unit"`
	Roll    bool       `yaml:"roll" json:"roll"`   // an end on no working day moves to the next one
	Legal   bool       `yaml:"legal" json:"legal"` // only legal clocks rise to the level above
	First   bool       `yaml:"first" json:"first"` // a first action: only acceptance, refusal or forwarding stops it (D24)
	Warn    []int      `yaml:"warn" json:"warn"`   // days before the end on which the named are warned
	Extend  *Extension `yaml:"extend" json:"extend,omitempty"`
	Pause   []string   `yaml:"pause" json:"pause,omitempty"` // codes of the list pause_reason
	Allowed Bounds     `yaml:"allowed" json:"allowed"`
	Force   `yaml:",inline" json:"force"`
	hash    string
}

// Hash identifies the version's exact content; an obligation stores it.
func (t Timer) Hash() string { return t.hash }

// Term is one entry of a closed list. One that is unchosen only gives a name to what a step leaves behind: nobody may
// choose it.
type Term struct {
	Code     string            `yaml:"code" json:"code"`
	Name     Text              `yaml:"name" json:"name"`
	Help     Text              `yaml:"help" json:"help,omitzero"`
	Attrs    map[string]string `yaml:"attrs" json:"attrs,omitempty"`
	Unchosen bool              `yaml:"unchosen" json:"unchosen,omitempty"`
	Force    `yaml:",inline" json:"force"`
}

// Facts are what an approval or power entry may ask about a matter: rank, level, source, choice and so on.
type Facts map[string]string

// Case is one row of a Chain: the first whose When matches decides the steps. Basis and Sure are the chain's own where
// the row states none.
type Case struct {
	When  map[string][]string `yaml:"when" json:"when,omitempty"`
	Steps []string            `yaml:"steps" json:"steps"`
	Why   Text                `yaml:"why" json:"why"`
	Basis []Basis             `yaml:"basis" json:"basis,omitempty"`
	Sure  Sure                `yaml:"sure" json:"sure"`
}

// Chain says who must approve a certain move, in order.
type Chain struct {
	ID    string `yaml:"id" json:"id"`
	Name  Text   `yaml:"name" json:"name"`
	Cases []Case `yaml:"cases" json:"cases"`
	Force `yaml:",inline" json:"force"`
}

// Power is one line of the list of what a township may do alone, only with the county, or never, under one hat.
type Power struct {
	Move  string `yaml:"move" json:"move"` // "clue.propose"; a whole kind as "case.*"
	Hat   string `yaml:"hat" json:"hat"`   // commission (乡镇纪委) or dispatched (派出监察办公室)
	May   string `yaml:"may" json:"may"`   // alone, county, never
	Name  Text   `yaml:"name" json:"name"`
	Why   Text   `yaml:"why" json:"why"`
	Force `yaml:",inline" json:"force"`
}

// Sanction is one kind of punishment: how long it works and which body may decide it for whom.
type Sanction struct {
	Code   string     `yaml:"code" json:"code"`
	Track  string     `yaml:"track" json:"track"` // party, admin or organisation
	Name   Text       `yaml:"name" json:"name"`
	Heavy  bool       `yaml:"heavy" json:"heavy"`
	Months []int      `yaml:"months" json:"months"`       // effect periods that may be chosen; empty: none
	Post   *Claim     `yaml:"post" json:"post,omitempty"` // that post, rank or pay must be changed; nil: they stay
	Bodies []BodyRule `yaml:"bodies" json:"bodies"`
	Force  `yaml:",inline" json:"force"`
}

// Claim is one thing that follows, with a basis and certainty of its own.
type Claim struct {
	Basis []Basis `yaml:"basis" json:"basis"`
	Sure  Sure    `yaml:"sure" json:"sure"`
}

// BodyRule names a body that may decide a sanction, for subjects whose facts match. Sure is that of the sanction where
// the row states none.
type BodyRule struct {
	Body  string              `yaml:"body" json:"body"` // code of the list deciding_body
	When  map[string][]string `yaml:"when" json:"when,omitempty"`
	Basis []Basis             `yaml:"basis" json:"basis,omitempty"`
	Sure  Sure                `yaml:"sure" json:"sure"`
}

// Document is an official paper: its name and, where we draft it, its text with the matter's data as fields. Body is a
// text/template to be executed with missingkey=zero; its first line is the title, "# " begins a heading.
type Document struct {
	Code  string              `yaml:"code" json:"code"`
	Name  Text                `yaml:"name" json:"name"`
	Moves []string            `yaml:"moves" json:"moves"`         // the moves whose paper it is
	When  map[string][]string `yaml:"when" json:"when,omitempty"` // what must have been chosen for it
	Kind  string              `yaml:"kind" json:"kind"`           // letter, form, record, decision, report
	Body  string              `yaml:"body" json:"body,omitempty"`
	Force `yaml:",inline" json:"force"`
}

// Rank is a band of rank with the level that manages people of it.
type Rank struct {
	Code    string `yaml:"code" json:"code"`
	Name    Text   `yaml:"name" json:"name"`
	Managed string `yaml:"managed" json:"managed"` // township, county, city, province, nation
	Order   int    `yaml:"order" json:"order"`     // higher number, higher rank
	Force   `yaml:",inline" json:"force"`
}

func hashOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("rulebook: " + err.Error()) // plain data always marshals
	}
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:8])
}
