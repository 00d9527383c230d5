package portal

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/platform/envelope"
)

// saying is what somebody types who comes back, as they typed it.
type saying struct {
	Token, Receipt, Kind, Text string
}

func (f *saying) fields() map[string]field {
	return map[string]field{"token": {&f.Token, 100}, "receipt": {&f.Receipt, 100}, "kind": {&f.Kind, 20}, "text": {&f.Text, 20_000}}
}

// box is where a reporter says more, with what is wrong with what they said.
type box struct {
	saying
	asked   asked    // what is wrong, as with a form
	to      []string // who reads it, by name
	answer  bool     // there is an answer that may be wrong
	watch   watch    // whether they are watched over
	waiting int      // words of theirs that nobody has taken in yet
	done    string   // what became of what was just sent: "", "said" or "again"
}

// maxSaid is how many words of one report wait at most: whoever has a receipt fills no disk with it.
const maxSaid = 20

// unanswered are the stages at which there is nothing yet that could be wrong.
var unanswered = []string{"received", "opened", "accepted", "risen"}

// box is an empty one for a report.
func (s *server) box(h held) (b box, err error) {
	b = box{saying: saying{Token: envelope.NewToken(), Receipt: string(h.Receipt), Kind: envelope.More}, answer: !slices.Contains(unanswered, h.Stage)}
	for _, k := range []envelope.Organ{s.organ(h.To), s.organ(h.Above)} {
		if k.Key.Public != "" {
			b.to = append(b.to, k.Name)
		}
	}
	said, err := s.Spool.Said(h.Secrets.Name, maxSaid)
	if b.waiting = len(said); err == nil {
		b.watch, err = s.watch(h)
	}
	return b, err
}

// said is what somebody goes away with who said more.
type said struct {
	Day   calendar.Date
	Kind  string
	Again bool // the form was sent before, and what was sent first holds
}

// say takes in what a reporter says after the report. Whatever is not taken in comes back with all that was typed.
func (s *server) say(c *call) error {
	var f saying
	up, err := c.read(f.fields())
	var h held
	if err == nil {
		h, err = s.told(c.r.Context(), f.Receipt)
	}
	if err != nil {
		c.drain()
		return c.page(status(err), sayPage(c.view, f.again(err, up)))
	}
	done, err := s.hear(h, f, up)
	c.drain()
	b, broken := s.box(h)
	if broken != nil {
		return broken
	}
	if err != nil {
		wrong := f.again(err, up)
		wrong.answer, wrong.waiting, wrong.to, wrong.watch = b.answer, b.waiting, b.to, b.watch
		return c.page(status(err), statusPage(c.view, h, wrong))
	}
	b.done = "said"
	if done.Again {
		b.done = "again"
	}
	return c.page(http.StatusOK, statusPage(c.view, h, b))
}

// again is a box with what was typed and what is wrong with it.
func (f saying) again(err error, up *upload) box {
	b := box{saying: f, answer: f.Kind == envelope.Objection}
	if b.Token == "" {
		b.Token = envelope.NewToken()
	}
	b.asked.fields, b.asked.files = fault.Fields(err), up != nil
	if len(b.asked.fields) == 0 {
		b.asked.busy = err
	}
	return b
}

// hear seals what was said to whoever has the report now and brings it to disk: it is acknowledged when it returns, and not
// before.
func (s *server) hear(h held, f saying, up *upload) (said, error) {
	if f.Kind == "" {
		f.Kind = envelope.More
	}
	if _, err := envelope.NewReceipt(f.Token); err != nil {
		f.Token = envelope.NewToken() // of a page that is not ours, or that was mended by hand
	}
	switch {
	case f.Kind != envelope.More && f.Kind != envelope.Objection:
		return said{}, fault.InvalidField("kind", "portal.kind")
	case f.Text == "" && (up == nil || f.Kind == envelope.Objection):
		return said{}, fault.InvalidField("text", "portal.say")
	}
	for name, x := range f.fields() {
		if utf8.RuneCountInString(*x.value) > x.most {
			return said{}, fault.InvalidField(name, "portal.long")
		}
	}
	own, err := h.Secrets.Word(f.Token)
	if err != nil {
		return said{}, err
	}
	if w, ok, err := s.Spool.Word(h.Secrets.Name + "-" + own); ok || err != nil {
		return said{Day: w.Day, Kind: w.Kind, Again: true}, err
	}
	if n, err := s.Spool.Said(h.Secrets.Name, maxSaid); err != nil {
		return said{}, err
	} else if len(n) >= maxSaid {
		return said{}, fault.New(fault.Unavailable, "portal.enough")
	}
	to, ok := s.Directory().Hears(h.Status)
	if !ok {
		return said{}, fault.New(fault.Unavailable, "portal.unheard")
	}
	files, err := s.seal(up, to)
	if err != nil {
		return said{}, err
	}
	w, err := envelope.SealWord(f.Kind, envelope.Speech{Text: f.Text, Files: files}, h.Secrets, f.Token, to, s.today())
	if err != nil {
		s.drop(files)
		return said{}, err
	}
	fresh, err := s.Spool.PutWord(w)
	if err != nil {
		return said{}, err // it may be on disk: its files stay
	}
	if !fresh { // the same form came twice at once
		s.drop(files)
	}
	return said{Day: w.Day, Kind: w.Kind, Again: !fresh}, nil
}
