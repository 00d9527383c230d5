package rulebook

import (
	"maps"
	"slices"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
)

// Book is the loaded rulebook. It never changes after Load.
type Book struct {
	regs          map[string]Regulation
	regOrder      []string
	timers        map[string][]Timer
	timerOrder    []string
	terms         map[string][]Term
	lists         []List
	chains        map[string][]Chain
	powers        map[string][]Power
	powerOrder    []Power
	sanctions     map[string]Sanction
	sanctionOrder []string
	documents     map[string]Document
	documentOrder []string
	limits        []Limit
	asks          []Ask
	haves         []HaveLine
	ranks         map[string]Rank
	rankOrder     []string
}

// List is the name of a closed list.
type List struct {
	Code string
	Name Text
}

// steps are the approvers a chain may name. Those beginning with "record_" stand for a decision taken outside this
// system (the Party committee's secretary, the next higher organ): somebody here records it with its paper.
var steps = map[string]bool{
	"head": true, "deputy": true, "principal": true, "review_head": true, "second": true,
	"record_party_secretary": true, "record_party_committee": true, "record_higher": true, "county_deputy": true, "county_principal": true,
}

// factValues are what a condition may ask, with the values it may have: those named here, those of a closed list
// (listOf), the codes in ranks.yaml, or for the choice made in the move any code of a closed list and any sanction.
var factValues = map[string][]string{
	"rank":      nil,
	"choice":    nil,
	"source":    nil,                            // where the clue came from
	"track":     nil,                            // Party discipline, public office, both
	"level":     {"township", "county", "city"}, // of the unit that handles the matter
	"assigned":  {"yes", "no"},                  // from above, to be reported back
	"chief":     {"yes", "no"},                  // the subject is chief of the next lower Party committee
	"secretary": {"yes", "no"},                  // it is to be reported to the Party secretary of the same level
	"member":    {"yes", "no"},                  // the subject sits on the same-level Party committee or commission
	"nth":       {"1", "2", "more"},             // which extension this is
	"category":  nil,                            // which kind of official the subject is
	"body":      nil,                            // who decides or decided the sanction; the Party's where there are two
}

// paperValues is the same for the papers: what must have been chosen for one of them to fit.
var paperValues = map[string][]string{"decision": nil, "track": nil, "close_kind": nil, "clear_answer": nil}

var listOf = map[string]string{"source": "clue_source", "track": "track", "category": "official_category", "decision": "decision",
	"close_kind": "close_kind", "clear_answer": "clear_answer", "body": "deciding_body"}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Regulation finds a legal text by key.
func (b *Book) Regulation(key string) (Regulation, bool) {
	r, ok := b.regs[key]
	return r, ok
}

// Regulations lists all legal texts in the file's order.
func (b *Book) Regulations() []Regulation {
	out := make([]Regulation, len(b.regOrder))
	for i, k := range b.regOrder {
		out[i] = b.regs[k]
	}
	return out
}

// Timer is the version of a timer in force on a day.
func (b *Book) Timer(id string, on calendar.Date) (Timer, bool) {
	for _, t := range b.timers[id] {
		if t.Holds(on) {
			return t, true
		}
	}
	return Timer{}, false
}

// TimerVersion is a certain version, whether in force or not: running obligations keep theirs.
func (b *Book) TimerVersion(id, version string) (Timer, bool) {
	for _, t := range b.timers[id] {
		if t.Version == version {
			return t, true
		}
	}
	return Timer{}, false
}

// Timers lists every version of every timer.
func (b *Book) Timers() []Timer {
	var out []Timer
	for _, id := range b.timerOrder {
		out = append(out, b.timers[id]...)
	}
	return out
}

// Adjust is the timer with a county's own length, refused outside what the regulation leaves open.
func (t Timer) Adjust(length int) (Timer, error) {
	if length == t.Length {
		return t, nil
	}
	if t.Allowed == (Bounds{}) || length < t.Allowed.Min || length > t.Allowed.Max {
		return t, fault.New(fault.Invalid, "rule.override", t.ID)
	}
	t.Length = length
	return t, nil
}

// Term finds an entry of a closed list, in force or not: what was chosen once keeps its name.
func (b *Book) Term(list, code string) (Term, bool) {
	for _, t := range b.terms[list] {
		if t.Code == code {
			return t, true
		}
	}
	return Term{}, false
}

// Name is the entry's name in the language, or the code itself if the list lacks it.
func (b *Book) Name(list, code, lang string) string {
	if t, ok := b.Term(list, code); ok {
		return t.Name.In(lang)
	}
	return code
}

// Terms lists what may be chosen from a closed list on a day.
func (b *Book) Terms(list string, on calendar.Date) []Term {
	var out []Term
	for _, t := range b.terms[list] {
		if t.Holds(on) && !t.Unchosen {
			out = append(out, t)
		}
	}
	return out
}

// Lists names all closed lists.
func (b *Book) Lists() []List { return b.lists }

// Chain is the case of an approval that decides for the facts on a day, with its legal basis.
func (b *Book) Chain(id string, on calendar.Date, facts Facts) (Chain, Case, bool) {
	for _, c := range b.chains[id] {
		if !c.Holds(on) {
			continue
		}
		for _, k := range c.Cases {
			if matches(k.When, facts) {
				return c, k, true
			}
		}
	}
	return Chain{}, Case{}, false
}

// Chains lists every approval.
func (b *Book) Chains() []Chain {
	var out []Chain
	for _, id := range sorted(b.chains) {
		out = append(out, b.chains[id]...)
	}
	return out
}

func matches(when map[string][]string, facts Facts) bool {
	for key, allowed := range when {
		if !slices.Contains(allowed, facts[key]) {
			return false
		}
	}
	return true
}

// Power is what a township may do with a move under a hat; an unlisted move is its own business.
func (b *Book) Power(move, hat string, on calendar.Date) (Power, bool) {
	for _, p := range b.powers[move] {
		if p.Hat == hat && p.Holds(on) {
			return p, true
		}
	}
	return Power{}, false
}

// Powers lists the whole power list.
func (b *Book) Powers() []Power { return b.powerOrder }

// Sanction finds a kind of punishment.
func (b *Book) Sanction(code string) (Sanction, bool) {
	s, ok := b.sanctions[code]
	return s, ok
}

// Sanctions lists the kinds in force on a day.
func (b *Book) Sanctions(on calendar.Date) []Sanction {
	var out []Sanction
	for _, c := range b.sanctionOrder {
		if s := b.sanctions[c]; s.Holds(on) {
			out = append(out, s)
		}
	}
	return out
}

// Decides lists the bodies that may decide the sanction for a subject with the facts.
func (s Sanction) Decides(facts Facts) []string {
	var out []string
	for _, r := range s.Bodies {
		if matches(r.When, facts) {
			out = append(out, r.Body)
		}
	}
	return out
}

// Fits says whether the paper is one for what was chosen: the decision, the track or tracks it was made in, how a clue
// was closed, whether a name is to be cleared. What is not known yet speaks against no paper.
func (d Document) Fits(chosen map[string][]string) bool {
	for key, allowed := range d.When {
		have := chosen[key]
		if len(have) > 0 && !slices.ContainsFunc(have, func(v string) bool { return slices.Contains(allowed, v) }) {
			return false
		}
	}
	return true
}

// Document finds an official paper by code.
func (b *Book) Document(code string) (Document, bool) {
	d, ok := b.documents[code]
	return d, ok
}

// DocumentsOf lists the papers of a move.
func (b *Book) DocumentsOf(move string) []Document {
	var out []Document
	for _, c := range b.documentOrder {
		if d := b.documents[c]; slices.Contains(d.Moves, move) {
			out = append(out, d)
		}
	}
	return out
}

// Documents lists all papers.
func (b *Book) Documents() []Document {
	out := make([]Document, len(b.documentOrder))
	for i, c := range b.documentOrder {
		out[i] = b.documents[c]
	}
	return out
}

// Rank finds a band of rank.
func (b *Book) Rank(code string) (Rank, bool) {
	r, ok := b.ranks[code]
	return r, ok
}

// Ranks lists the bands, lowest first.
func (b *Book) Ranks() []Rank {
	out := make([]Rank, len(b.rankOrder))
	for i, c := range b.rankOrder {
		out[i] = b.ranks[c]
	}
	return out
}
