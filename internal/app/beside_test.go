package app_test

import (
	"html"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/rulebook"
)

// TestBesideEachMove: beside every move stand what it is, why, who signs, its article, where it may be done and what begins
// with it, in either language.
func TestBesideEachMove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		srv := w.Serve()
		office, town := handed(t, w, "full", "county.office1"), handed(t, w, "full", "full")
		alone := handed(t, w, "headless", "headless")
		taken := handed(t, w, "full", "full")
		w.Do("officer", taken, "receive", nil)
		said, hats := map[string]int{}, map[string]bool{}
		for _, c := range []struct {
			who string
			m   id.ID
		}{{"handler", office}, {"supervision", office}, {"officer", town}, {"officer", taken}, {"hldeputy", alone}} {
			x := w.Matter(c.m)
			offers, err := w.App.Engine.Offers(apptest.Ctx, d.In(apptest.City), w.As(c.who), x, d.Today())
			if err != nil {
				t.Fatal(err)
			}
			code, text := w.Get(srv, c.who, "/m/"+c.m.String())
			if code != 200 {
				t.Fatalf("%s: %d", c.who, code)
			}
			for _, o := range offers {
				if o.Open {
					said[beside(t, w.App.Rules, hats, c.who, html.UnescapeString(text), x, o)]++
				}
			}
		}
		if len(hats) < 2 {
			t.Errorf("the power list stands beside %v", hats)
		}
		for _, mark := range []string{"本级可办", "须报批", "须报县"} {
			if said[mark] == 0 {
				t.Errorf("nothing was marked %s: %v", mark, said)
			}
		}
	})
}

// beside checks one move's part of the page, and gives back its mark.
func beside(t *testing.T, rules *rulebook.Book, hats map[string]bool, who, text string, m flow.Matter, o flow.Offer) string {
	t.Helper()
	key := "move." + m.Kind + "." + o.Move.Name
	_, part, _ := strings.Cut(text, locale.T(locale.Zh, key+".what"))
	head := text[:len(text)-len(part)]
	part, _, _ = strings.Cut(part, `id="move-`)
	want := []string{locale.T(locale.Zh, key+".why"), "《"}
	if len(o.Steps) > 0 {
		want = append(want, "签批：", o.Case.Why.In(locale.Zh))
	}
	for _, hat := range []string{"commission", "dispatched"} {
		if x, ok := rules.Power(m.Kind+"."+o.Move.Name, hat, "2026-10-12"); ok && m.Is(flow.FlagTownship) { // under both of its hats
			want = append(want, locale.T(locale.Zh, "rules.hat."+hat)+locale.T(locale.Zh, "rules.may."+x.May))
			hats[o.Move.Name+" "+hat] = true
		}
	}
	for _, s := range o.Starts {
		want = append(want, "之后", s.Name.In(locale.Zh))
	}
	for _, x := range want {
		if part == "" || !strings.Contains(part, x) {
			t.Errorf("%s: beside %s there is no %q", who, o.Move.Name, x)
		}
	}
	mark, at := "", -1
	for _, x := range []string{"本级可办", "须报批", "须报县", "须报上级"} {
		if i := strings.LastIndex(head, x); i > at {
			mark, at = x, i
		}
	}
	return mark
}
