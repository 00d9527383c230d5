package ui

import (
	"qianshao/internal/calendar"
	"qianshao/internal/locale"
)

// Frame is what surrounds every page: who is signed in, where the page stands, in which language and light.
type Frame struct {
	Lang    string
	Title   string
	Org     string // the unit whose desk it is
	Post    string // the post one acts in
	Today   calendar.Date
	Demo    bool
	Nav     []NavLink
	Search  bool   // there is something this post may look for
	Query   string // what stands in the search box
	Theme   string // "", light, dark
	Density string // "", loose, tight
	Here    string // this page's address, for the language switch
	Posts   int
	Foot    string // witnessed, or not
	Flash   string // what was just done
	Wide    bool
}

// NavLink is one entry of the main navigation.
type NavLink struct {
	Href, Name, N string
	Group         string // the heading above it
	Current       bool
}

// T is a text in the frame's language.
func (f Frame) T(key string, args ...string) string { return locale.T(f.Lang, key, args...) }

// Other is the address of this page in the other language.
func (f Frame) otherLang() string {
	if f.Lang == locale.En {
		return locale.Zh
	}
	return locale.En
}

// Segments is a line of facts kept whole each: 承办 石桥镇纪委.
type Segments []Segment

// Segment is one fact of a line.
type Segment struct {
	Text string
	Href string
	Dim  bool
}

// WhyView is why a date is that date.
type WhyView struct {
	Lang    string
	Text    string   // the sentence
	Days    []DayBox // day by day, folded; empty for long periods
	Basis   string
	Sure    string // code of the degree
	Version string
	Note    string
	Weeks   []CalWeek // the long form, a calendar; nil for the short one
	Unfold  string    // the page that has every week day by day, where weeks are folded
	Sums    []Sum
	Extend  string
	Opened  bool
}

// DayBox is one box of the short form: a day or a run of days that do not count.
type DayBox struct {
	Label string
	Mark  string
	Small string
	Off   bool
	Span  bool
	Due   bool
}

// CalWeek is a week of the long form, or a run of weeks folded into a line because nothing in them is out of the ordinary.
type CalWeek struct {
	Days []CalCell
	Fold string
}

// CalCell is one day of the long form.
type CalCell struct {
	Day   string
	N     string
	Word  string
	Class string // off, ban, due, start, non
	Plain bool   // a day like any other of its kind: counted, or a weekend
	Prov  bool   // the day may still change
}

// Sum is a number in the line above the calendar.
type Sum struct{ N, Word string }

// DutyView is one obligation on a desk.
type DutyView struct {
	Word, Beside string
	Late         bool
	What         string
	Of           Segments
	Button       string
	Href         string
	Primary      bool
	Why          *WhyView
	WhyHref      string // loads the reason when opened
	ID           string
}

// StepView is one step of a matter's header.
type StepView struct {
	Name  string
	State string // done, now, next
	Turn  string // the words before the seat
	Seat  string // whose turn it is
	Lines []Segment
	Late  string
}

// NeedView is one thing a move needs.
type NeedView struct {
	Text string
	Note string
	Have bool
}

// MoveView is one move beside a matter.
type MoveView struct {
	ID      string
	Name    string
	Alone   bool
	Up      bool // some signature lies above the handling unit
	UpWord  string
	What    string
	Why     string
	Needs   []NeedView
	Signers string
	Reason  string // why it goes where it goes
	Basis   []BasisView
	Papers  []Segment
	Starts  string
	Href    string
	Button  string
	Primary bool
	Red     bool
	Shut    string // why it can't be made now
	Hats    string // what the list of powers says under each of a township's two hats, "" where it says nothing
}

// BasisView is an article and how sure it is.
type BasisView struct {
	Text string
	Href string
	Sure string
}

// LogView is one line of what happened.
type LogView struct {
	Day, Small string
	Key        bool
	Title      string
	Body       []Segment
	By         string
}

// FieldView is one field of a form.
type FieldView struct {
	Lang    string
	ID      string
	Name    string
	Label   string
	Help    string
	Kind    string // line, para, day, choice, choices, people, person, unit, count, password, hidden
	Value   string
	Values  []string
	Options []OptionView
	Error   string
	Must    bool
	Min     string
	Max     string
	Rows    int
	When    string // "field=a|b": shown only then, by script; without script the hint says so
	Hint    string
	Auto    string // autocomplete
	Get     string // htmx: address that refreshes something when it changes
	Post    string // the same, for what is not to stand in an address
	Target  string
	Long    bool // many options: a searchable list
	Radio   bool
	Focus   bool
	Pattern string
}

// OptionView is one thing to choose.
type OptionView struct {
	Code, Name, Note string
	Group            string
	Off              bool
}

// Chosen says whether an option is chosen.
func (f FieldView) Chosen(code string) bool {
	if f.Value == code && code != "" {
		return true
	}
	for _, v := range f.Values {
		if v == code {
			return true
		}
	}
	return false
}

// ViewLink is one way to look at what a page shows: a list's open or ended rows, one half of the numbers.
type ViewLink struct {
	Name, Href    string
	Current, Late bool
}
