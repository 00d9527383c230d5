package portal

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"qianshao/internal/calendar"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/web/ui"
)

// view is whom a page is for.
type view struct {
	lang  string
	today calendar.Date
}

// T is a text in the page's language.
func (v view) T(key string, args ...string) string { return locale.T(v.lang, key, args...) }

// to is an address of the portal, in the page's language.
func (v view) to(path string) templ.SafeURL {
	if v.lang == locale.En {
		path += "?lang=en"
	}
	return templ.SafeURL(path)
}

// day is a day with its weekday, and with its year when it is not this one's.
func (v view) day(d calendar.Date) string {
	return ui.DayIn(v.lang, d, v.today) + v.T("punct.open") + ui.Weekday(v.lang, d) + v.T("punct.close")
}

func (v view) longDay(d calendar.Date) string {
	return ui.LongDay(v.lang, d) + v.T("punct.open") + ui.Weekday(v.lang, d) + v.T("punct.close")
}

// stage, event and promise are in words what the work side says in codes; a code of a later program has words too.
func (v view) stage(code string) string {
	return locale.First(v.lang, "portal.stage."+code, "portal.stage.other")
}

func (v view) event(e envelope.Event) string {
	key := "portal.event." + e.What
	if !locale.Has(key) {
		key = "portal.event.other"
	}
	if e.Text == "" {
		return locale.First(v.lang, key+".bare", key)
	}
	return v.T(key) + v.T("portal.said", e.Text)
}

func (v view) promise(what string, by calendar.Date) string {
	state := "portal.due."
	if by.Before(v.today) {
		state = "portal.late."
	}
	key := state + what
	if !locale.Has(key) {
		key = state + "other"
	}
	return v.T(key, v.day(by))
}

// counted says how a period is counted, "" for one that is not counted here.
func (v view) counted(o owed) string {
	key := "portal.counted." + string(o.Unit)
	if !locale.Has(key) {
		return ""
	}
	text := v.T(key, strconv.Itoa(o.Length))
	if o.Roll {
		text += v.T("portal.counted.roll")
	}
	if o.May {
		text += v.T("portal.counted.may")
	}
	return text
}

// wrong is what is wrong with a field, "" when nothing is.
func (a *asked) wrong(v view, name string) string {
	for _, f := range a.fields {
		if f.Name == name {
			return v.T("fault."+f.Code, f.Args...)
		}
	}
	return ""
}

// own says who reads about a commission's own people.
func (v view) own(a *asked) string {
	if len(a.readers) > 0 && a.readers[0].ID == a.own {
		return v.T("portal.reads.own_top", a.readers[0].Name)
	}
	return v.T("portal.reads.own")
}

// attrs ties a field to its help and to what is wrong with it, for those who hear the page.
func (a *asked) attrs(v view, name string, help bool) templ.Attributes {
	out, by := templ.Attributes{}, ""
	if help {
		by = name + "-h"
	}
	if a.wrong(v, name) != "" {
		out["aria-invalid"] = "true"
		by += " " + name + "-e"
	}
	if by = strings.TrimSpace(by); by != "" {
		out["aria-describedby"] = by
	}
	return out
}

// readers says who can open what is said now.
func (b box) readers(v view) string {
	if len(b.to) == 0 {
		return ""
	}
	return v.T("portal.say.to", strings.Join(b.to, v.T("portal.and")))
}

// crowd says how long a form is to be kept open before it is handed in.
func (v view) crowd(p *pass) string {
	if p.Wait <= 0 {
		return v.T("portal.crowd.ready")
	}
	return v.T("portal.crowd", p.seconds())
}

// groups are a receipt's digits by four.
func groups(r envelope.Receipt) []string { return strings.Fields(r.String()) }

// levelChoice is a level that may be chosen, by its name here.
type levelChoice struct{ word, name, help string }

func (a *asked) levelChoices(v view) (out []levelChoice) {
	if len(a.readers) > 0 {
		for _, o := range a.readers {
			if o.Level < len(levels) {
				out = append(out, levelChoice{levels[o.Level], o.Name, v.T("portal.level." + levels[o.Level] + ".help")})
			}
		}
		return out
	}
	for _, l := range a.levels {
		out = append(out, levelChoice{levels[l], v.T("portal.level." + levels[l]), v.T("portal.level." + levels[l] + ".help")})
	}
	return out
}

// rankName is a rank in the page's language.
func rankName(v view, r envelope.Rank) string {
	if name := r.Name[v.lang]; name != "" {
		return name
	}
	return r.Name[locale.Zh]
}

// claims are what /protect promises. Each is held by the tests named beside it.
var claims = []string{
	"address", // TestNothingOfTheSender
	"sealed",  // TestNothingReadable, TestNothingOfWordsReadable
	"readers", // TestWhoOpensIt, TestWhoHearsIt
	"own",     // TestOwnPeople
	"receipt", // TestReceiptIsNowhere
	"watch",   // TestWatchIsForTheLevelAbove, TestNothingOfWatching
	"traces",  // TestEveryPage, TestHeld
}
