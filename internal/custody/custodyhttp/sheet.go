package custodyhttp

import (
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Ceremonies are what is done with an organ's key by several people in one room, and how many steps each has.
var Ceremonies = []struct {
	For   string
	Steps int
}{{"first", 6}, {"replace", 5}, {"lost", 6}, {"leave", 4}, {"merge", 7}}

// Sheet is what a ceremony is held by and signed on: what is done in which order, what is written down, who witnesses,
// where it is kept. No passphrase and no private key is ever on it.
type Sheet struct {
	Title string
	Facts []string
	Head  string // over the steps
	Steps []string
	Rules []string
	Sign  string // over who signs
	Names []string
}

// SheetOf is the sheet of a ceremony at an organ; above is zero at the top, has false where the organ has no key yet.
func SheetOf(lang, ceremony string, organ, above access.Unit, key custody.Key, has bool) (Sheet, error) {
	t := func(name string, args ...string) string { return locale.T(lang, "sheet.key."+name, args...) }
	n := 0
	for _, c := range Ceremonies {
		if c.For == ceremony {
			n = c.Steps
		}
	}
	switch {
	case n == 0:
		return Sheet{}, fault.Hidden()
	case !organ.IsOrgan():
		return Sheet{}, fault.New(fault.Conflict, "key.no_organ", organ.Name)
	}
	upper := t("top")
	if !above.ID.Zero() {
		upper = above.Commission()
	}
	s := Sheet{Title: t("title."+ceremony, organ.Commission()), Head: t("steps"), Sign: t("signed"), Rules: []string{t("write"), t("keep"), t("never")},
		Facts: []string{t("organ", organ.Commission(), organ.Code), t("above", upper), t("no_key")}}
	if has {
		s.Facts[2] = t("key", key.Made, envelope.Mark(key.Public))
	}
	for i := range n {
		s.Steps = append(s.Steps, t(ceremony+"."+strconv.Itoa(i+1), organ.Code, upper))
	}
	for _, who := range []string{"custodian", "second", "witness", "operator"} {
		s.Names = append(s.Names, t("line", t(who)))
	}
	return s, nil
}

type sheetView struct {
	Frame ui.Frame
	Sheet
}

// sheet shows a ceremony's sheet, to be printed.
func (p *Pages) sheet(c *web.Ctx) error {
	r := c.Home()
	organ, above, err := access.WithAbove(c.Context(), r, c.Who.Unit().Organ)
	if err != nil {
		return err
	}
	key, has, err := custody.Current(c.Context(), r, organ.ID)
	if err != nil {
		return err
	}
	s, err := SheetOf(c.Lang, c.R.PathValue("for"), organ, above, key, has)
	if err != nil {
		return err
	}
	return c.Render(200, sheetPage(sheetView{c.Frame(s.Title), s}))
}
