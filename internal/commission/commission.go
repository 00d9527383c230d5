// Package commission reads whether words speak of somebody at a discipline commission: a report often says 县纪委书记 and no
// name, or a rank that is not the post's. What its words say holds all the same.
//
// The words: a commission's leaders are its chief and the deputies; its people are all who work in it, whatever their post,
// and those it sends into other bodies. A place is a unit with a commission; words are said here when they were said of
// that very unit, so that they need not name it. The body is what was said of where in the unit somebody works.
//
// What always holds: a leader is one of the people; whoever works for a leader is no leader (纪委书记的司机), and neither is
// the head of an office (纪委监委第一室主任), but both are people; the commission of something that lies in the place
// (县教育局纪委) is another. Whoever reads for a leader errs on the side of not finding one, whoever reads for the people on
// the side of finding them: what is lost is only that the next level reads.
//
// Start at At, Leads and Of.
package commission

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a commission is called after where it is, and whose title follows that.
const (
	named    = `(?:机关)?(?:纪律检查工作委员会|纪律检查委员会|纪检监察工委|纪检监察机关|纪工委|纪检委|纪委|监察委员会|监察委|监委)`
	chiefs   = `书记|主任|主要负责人|主要负责同志|一把手`
	deputies = `副书记|副主任|副职`
)

// What else is said of a commission's people.
const (
	loosely = `监察局|纪检监察|纪检`
	offices = `信访室|案件监督管理室|案管室|案件审理室|审理室|党风政风监督室|(?:第[一二三四五六七八九十]+)?(?:监督检查室|审查调查室)|(?:纪检监察)?干部监督室`
	served  = `(?:现任|现|原任|原|时任|前任|前|曾任|曾是|曾在|担任|兼任|兼|任|在)?`
)

// where are the words that a unit's name ends with and that stand in front of its commission's name: 县 of 云渡县.
var where = []string{"自治区", "地区", "街道", "苏木", "省", "市", "州", "盟", "县", "区", "旗", "镇", "乡"}

var (
	// aside is what stands in brackets: a rank, a span of years.
	aside = regexp.MustCompile(`（[^（）]*）|\([^()]*\)`)
	// sent are those whom a commission sends into other bodies; what such a group is called says not by which one.
	sent = regexp.MustCompile(`纪检(?:监察)?组`)
)

// Leader is which of a commission's leaders words speak of.
type Leader int

const (
	Nobody Leader = iota
	Deputy
	Chief
)

// Place reads words for one place's commission.
type Place struct {
	name                          string
	chief, deputy, people, placed *regexp.Regexp
}

// At makes the reader for a place by its name and its short one; here says that the words will have been said of the very
// place.
func At(name, short string, here bool) Place {
	p := Place{name: fold(name)}
	var names, whole []string
	if i := slices.IndexFunc(where, func(w string) bool { return strings.HasSuffix(p.name, w) }); i >= 0 {
		names = append(names, where[i])
	}
	for _, n := range []string{p.name, fold(short)} {
		if n != "" {
			names = append(names, regexp.QuoteMeta(n))
		}
		if utf8.RuneCountInString(n) > 1 {
			whole = append(whole, regexp.QuoteMeta(n))
		}
	}
	place := `(?:中共|中国共产党)?(?:本|我|该)?(?:` + strings.Join(names, "|") + `)`
	must, may := place, place
	if here {
		may += `?`
	}
	at := `^(?:` + may + `委?` + named + `)(?:(?:` + place + `)?` + named + `)?(?:和|、)?`
	p.chief, p.deputy = regexp.MustCompile(at+`(?:`+chiefs+`)$`), regexp.MustCompile(at+`(?:`+deputies+`)$`)
	anywhere := ``
	if len(whole) > 0 {
		anywhere = `|(?:` + strings.Join(whole, "|") + `)委?(?:` + named + `|` + loosely + `)`
	}
	p.placed = regexp.MustCompile(`^` + served + must + `委?(?:` + named + `|` + loosely + `)` + anywhere)
	p.people = p.placed
	if here {
		p.people = regexp.MustCompile(`^` + served + may + `委?(?:` + named + `|` + loosely + `|` + offices + `)` + anywhere)
	}
	return p
}

// Leads says whether a body and a post speak of one of the commission's leaders.
func (p Place) Leads(body, post string) Leader {
	body = fold(body)
	for _, part := range parts(post) {
		said := body + part
		if body == "" || body == p.name || committee(body) {
			said = part
		}
		switch {
		case p.deputy.MatchString(said):
			return Deputy
		case p.chief.MatchString(said):
			return Chief
		}
	}
	return Nobody
}

// Of finds among places, from the nearest up, whose commission's people a body and a post speak of, the highest if of
// several: its index, -1 for none. What names no place is said of the nearest it can be said of.
func Of(places []Place, body, post string) int {
	found := -1
	if len(places) > 0 && (sent.MatchString(fold(body)) || sent.MatchString(fold(post))) {
		found = 0
	}
	body = fold(body)
	nearest := func(has func(Place) bool) { found = max(found, slices.IndexFunc(places, has)) }
	nearest(func(p Place) bool { return p.people.MatchString(body) })
	for _, part := range parts(post) {
		nearest(func(p Place) bool {
			free := body == "" || body == p.name || committee(body)
			return free && p.people.MatchString(part) || p.placed.MatchString(part) || !free && p.people.MatchString(body+part)
		})
	}
	return found
}

// committee is a Party committee, which leaders of the commission sit on: 县委的县纪委书记.
func committee(body string) bool {
	return strings.HasSuffix(body, "委") && !strings.Contains(body, "纪") && !strings.Contains(body, "监")
}

// parts are the posts that a post's words name, one by one.
func parts(post string) (out []string) {
	for _, p := range strings.FieldsFunc(aside.ReplaceAllString(post, ""), func(r rune) bool { return strings.ContainsRune("、，,;；/及兼", r) }) {
		out = append(out, fold(p))
	}
	return out
}

// fold leaves out what nobody sees or hears, and makes of a wide letter the narrow one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r = r - '！' + '!'
		}
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}
