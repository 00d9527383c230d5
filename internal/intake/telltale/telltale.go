// Package telltale points at what in a text that is to go below could tell who reported, or that anybody did.
//
// The words: a mark is a part of the text and why it stands out: a telephone or identity number, an account, a word that
// says there was a report, a unit called "ours"; and, once the original is open, the reporter's name or a way to reach
// them, what only they know, and long runs of their own words.
//
// It knows nothing of databases and keeps nothing. It hints and never forbids: that nothing is marked says nothing.
//
// Start at Look.
package telltale

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Known is what is known of who reported and of what they wrote; the zero value knows nothing.
type Known struct {
	Name     string
	Contact  string
	Only     string // what only they know
	Original string
}

// Why a part of a text is marked.
const (
	Phone    = "phone"
	Identity = "identity"
	Account  = "account"
	Report   = "report"
	Ours     = "ours"
	Name     = "name"
	Contact  = "contact"
	Only     = "only"
	Verbatim = "verbatim"
)

// Mark is a part of a text, and why it stands out.
type Mark struct {
	From, To int // in characters
	Text     string
	Why      string
}

var patterns = []struct {
	why string
	re  *regexp.Regexp
}{
	{Identity, regexp.MustCompile(`\b[0-9]{17}[0-9Xx]\b|\b[0-9]{15}\b`)},
	{Phone, regexp.MustCompile(`\b1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}\b|\b0[0-9]{2,3}[ -]?[0-9]{7,8}\b`)},
	{Account, regexp.MustCompile(`[A-Za-z0-9._-]+@[A-Za-z0-9.-]+|(?i:qq|微信号?|wechat)[:： ]*[A-Za-z0-9_-]{5,}`)},
	{Ours, regexp.MustCompile(`(?:我|本)(?:单位|村|组|社区|校|公司|科室?|厂|局|镇|乡|院)|同事|邻居`)},
	{Report, regexp.MustCompile(`举报人?|来信人?|来电人?|来访人?|信访件?|反映人|信中|实名|匿名|本人|我们|我(?:家|方|处)?|据反映`)},
}

// The shortest runs that are marked, in characters: of what only the reporter knows, of how to reach them, of their words.
const (
	onlyRun     = 4
	contactRun  = 4
	verbatimRun = 12
	most        = 24 // marks
)

// Look marks what could tell in a text, in the order it stands there; what lies in an earlier mark is not marked again.
func Look(text string, k Known) []Mark {
	rs := flat(text)
	s := string(rs)
	var out []Mark
	add := func(from, to int, why string) {
		if to > from && !slices.ContainsFunc(out, func(m Mark) bool { return from < m.To && m.From < to }) {
			out = append(out, Mark{From: from, To: to, Text: string([]rune(text)[from:to]), Why: why})
		}
	}
	for _, n := range called(string(flat(k.Name))) {
		for at := 0; ; {
			i := strings.Index(s[at:], n)
			if i < 0 {
				break
			}
			from := len([]rune(s[:at+i]))
			add(from, from+len([]rune(n)), Name)
			at += i + len(n)
		}
	}
	for _, p := range patterns[:3] {
		each(p.re, s, p.why, add)
	}
	runs(rs, flat(k.Contact), contactRun, Contact, add)
	runs(rs, flat(k.Only), onlyRun, Only, add)
	runs(rs, flat(k.Original), verbatimRun, Verbatim, add)
	for _, p := range patterns[3:] {
		each(p.re, s, p.why, add)
	}
	slices.SortFunc(out, func(a, b Mark) int { return a.From - b.From })
	return out[:min(len(out), most)]
}

func each(re *regexp.Regexp, s, why string, add func(int, int, string)) {
	for _, x := range re.FindAllStringIndex(s, -1) {
		from := len([]rune(s[:x[0]]))
		add(from, from+len([]rune(s[x[0]:x[1]])), why)
	}
}

// called is how somebody of a name may be called in a text: by all of it, and by the family name as people do.
func called(name string) []string {
	rs := []rune(strings.TrimSpace(name))
	if len(rs) < 2 {
		return nil
	}
	if !unicode.Is(unicode.Han, rs[0]) {
		return []string{string(rs)}
	}
	family := string(rs[0])
	return []string{string(rs), family + "某", "老" + family, "小" + family, family + "女士", family + "先生", family + "姓", "姓" + family}
}

// flat is a text with full-width digits and letters made plain, character for character.
func flat(s string) []rune {
	rs := []rune(s)
	for i, r := range rs {
		if r >= '！' && r <= '～' {
			rs[i] = r - '！' + '!'
		}
	}
	return rs
}

// runs marks the parts of a text, of at least n characters that say something, that stand in another as they are.
func runs(text, other []rune, n int, why string, add func(int, int, string)) {
	if len(other) < n {
		return
	}
	have := map[string]bool{}
	for i := 0; i+n <= len(other); i++ {
		have[string(other[i:i+n])] = true
	}
	from, to := -1, -1
	for i := 0; i+n <= len(text); i++ {
		if !have[string(text[i:i+n])] || !says(text[i:i+n]) {
			continue
		}
		if i > to {
			add(from, to, why)
			from = i
		}
		to = i + n
	}
	add(from, to, why)
}

// says is whether most of some characters are letters or digits.
func says(rs []rune) bool {
	k := 0
	for _, r := range rs {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			k++
		}
	}
	return k*4 >= len(rs)*3
}
