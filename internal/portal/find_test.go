package portal_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/platform/envelope"
)

// walking is a form on its way through the places, with the button that was pressed.
func walking(f map[string]string, pressed ...string) string {
	v := url.Values{}
	for name, x := range f {
		v.Set(name, x)
	}
	for i := 0; i < len(pressed); i += 2 {
		v.Set(pressed[i], pressed[i+1])
	}
	return v.Encode()
}

func (w *world) find(f map[string]string, pressed ...string) answer {
	return w.ask(http.MethodPost, "/find", urlencoded, strings.NewReader(walking(f, pressed...)))
}

var (
	reStep  = regexp.MustCompile(`<button[^>]* name="(at|pick)" value="([^"]+)">([^<]*)</button>`)
	reInput = regexp.MustCompile(`(?s)<input[^>]* name="([^"]+)"[^>]*value="([^"]*)"[^>]*>|<textarea id="([^"]+)"[^>]*>\n?(.*?)</textarea>`)
)

// filled are the fields of a form on a page.
func (a answer) filled() map[string]string {
	out := map[string]string{}
	for _, m := range reInput.FindAllStringSubmatch(a.body, -1) {
		if (strings.Contains(m[0], `type="radio"`) || strings.Contains(m[0], `type="checkbox"`)) && !strings.Contains(m[0], "checked") {
			continue
		}
		if m[1] == "" {
			m[1], m[2] = m[3], m[4]
		}
		out[m[1]] = html.UnescapeString(m[2])
	}
	return out
}

// TestFind: from the city down every unit is reached by pressing buttons; picking one fills it into the form, everything
// else that was typed stays, and the report that is then handed in is about that unit. Nothing stands in an address.
func TestFind(t *testing.T) {
	w := newWorld(t)
	f := typed("unit", "", "named", "yes", "name", "王某", "contact", "晚上")
	kept := func(got map[string]string) {
		t.Helper()
		for name, v := range f {
			if name != "unit" && name != "level" && got[name] != v {
				t.Errorf("%s is %q on the way", name, got[name])
			}
		}
	}
	reached := map[string]bool{}
	var walk func(at string)
	walk = func(at string) {
		a := w.find(f, "at", at)
		if a.Code != http.StatusOK || strings.Contains(a.body, "<i>甲") {
			t.Fatalf("%d %s", a.Code, a.body)
		}
		kept(a.filled())
		for _, m := range reStep.FindAllStringSubmatch(a.body, -1) {
			if m[1] == "at" && !reached["at "+m[2]] {
				reached["at "+m[2]] = true
				walk(m[2])
			}
			if m[1] != "pick" || reached[m[2]] {
				continue
			}
			reached[m[2]] = true
			got := w.find(f, "pick", m[2]).filled()
			kept(got)
			got["level"], got["token"] = "city", envelope.NewToken()
			r := w.post(got).receipt(t)
			if _, l := w.letter(t, r, city); l.UnitID.String() != m[2] || l.Text != f["text"] {
				t.Errorf("%s was picked: %s", m[2], l.UnitID)
			}
		}
		for _, m := range regexp.MustCompile(`(?:href|action)="([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
			if strings.Contains(m[1], "?") {
				t.Errorf("an address says %s", m[1])
			}
		}
	}
	walk("")
	for _, u := range w.d.Units {
		if !reached[u.ID.String()] {
			t.Errorf("%s is not reached", u.Name)
		}
	}

	f["unit"] = "甲县石桥镇"
	w.find(f).has(t, "就选石桥镇", "石桥镇柳林村") // where one place was typed, the walk begins there
	if got := w.find(f, "back", "1"); got.filled()["unit"] != f["unit"] || strings.Contains(got.body, `role="alert"`) {
		t.Errorf("whoever goes back without choosing finds %q", got.filled()["unit"])
	}
	w.find(f, "pick", unitID(15).String(), "back", "").has(t, "XX市乙县城关镇")
	w.find(f, "pick", "x", "at", "y").has(t, "就选石桥镇")
	if a := w.ask(http.MethodGet, "/find?at="+unitID(13).String(), "", http.NoBody); a.Code == http.StatusOK {
		t.Error("a place in an address is answered")
	}
	// Whoever comes to a place's own commission is told at once who reads.
	f["unit"], f["post"] = "", "县纪委书记"
	a := w.find(f, "pick", unitID(3).String())
	a.has(t, "由上一级接收", city)
	a.hasNot(t, `role="alert"`)
	if n := len(w.in(t, "in")); n != len(w.d.Units) {
		t.Errorf("%d reports", n)
	}
}

// TestFindAmongMany: of thousands in one place the first are listed, in a small page, with the longest text that may be
// typed going along.
func TestFindAmongMany(t *testing.T) {
	w := newWorld(t)
	d := *w.d
	d.Units = slices.Clone(d.Units)
	for i := range 5_000 {
		d.Units = append(d.Units, envelope.Unit{ID: unitID(100 + i), Name: fmt.Sprintf("第%d村", i), In: unitID(14), Organ: unitID(3)})
	}
	w.d = &d
	a := w.find(typed(), "at", unitID(14).String())
	a.has(t, "第199村", "还有4800个没有列出来")
	if a.hasNot(t, "第200村"); len(a.body) > 40_000 {
		t.Errorf("%d bytes", len(a.body))
	}
	text := strings.Repeat("长", 20_000)
	if got := w.find(typed("text", text), "at", unitID(14).String()).filled(); got["text"] != text {
		t.Errorf("%d bytes of the text go along", len(got["text"]))
	}
}
