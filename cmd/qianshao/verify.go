package main

import (
	"encoding/json"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/app"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
	"qianshao/internal/witness"
)

type verifyCmd struct {
	DB      string   `name:"db" placeholder:"sqlite:FILE|postgres://…" env:"QIANSHAO_DB" help:"${help_db}"`
	Public  []string `aliases:"key" placeholder:"KEY" help:"${help_public}"`
	Witness []string `placeholder:"KEY" help:"${help_verify_witness}"`
	Kept    []string `placeholder:"FILE" help:"${help_kept}"`
	Save    string   `placeholder:"FILE" help:"${help_save}"`

	Proof   string `placeholder:"FILE" help:"${help_verify_proof}"`
	Note    string `placeholder:"FILE" help:"${help_verify_note}"`
	Receipt bool   `help:"${help_verify_receipt}"`
	Letter  string `placeholder:"FILE" help:"${help_verify_letter}"`
	Page    string `placeholder:"FILE" help:"${help_verify_page}"`
}

// Run checks a database, or what a reporter was given, or writes the page that does the latter.
func (c *verifyCmd) Run(e *env) error {
	switch {
	case c.Page != "":
		return c.page(e)
	case c.Proof != "":
		return c.proof(e)
	case c.Note != "" || c.Receipt || c.Letter != "" || c.DB == "":
		return usage("verify.what")
	}
	return c.database(e)
}

// database checks every log, checkpoint, covered row and sum, and names the first entry that does not agree.
func (c *verifyCmd) database(e *env) error {
	d, err := database{c.DB}.open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	n, err := ledger.LoadNotary(e.ctx, d)
	if err != nil {
		return err
	}
	outside, err := c.outside(e, &n)
	if err != nil {
		return err
	}
	cities, err := app.Tenants(e.ctx, d)
	if err != nil {
		return err
	}
	// What is held of each row has no pointers: to collect often costs little, and halves what a large city needs.
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	p := e.progress()
	defer p.end()
	var sum ledger.Report
	var sums []string
	for _, city := range cities {
		seen := sum.Acts
		var rep ledger.Report
		// As it stands at one instant: a server beside it goes on writing.
		err := d.Snapshot(e.ctx, func(s *db.Snap) (err error) {
			rep, err = ledger.VerifyAgainst(e.ctx, s.In(city), app.Covered(), n.Check, outside, func(done int64) { p.at("logs", seen+done, 0) })
			return err
		})
		if err != nil {
			return err
		}
		sum.Logs, sum.Acts, sum.Rows, sum.Checkpoints = sum.Logs+rep.Logs, sum.Acts+rep.Acts, sum.Rows+rep.Rows, sum.Checkpoints+rep.Checkpoints
		sum.Findings, sum.Found = append(sum.Findings, rep.Findings...), sum.Found+rep.Found
	}
	known, err := c.witnesses(e, d)
	if err != nil {
		return err
	}
	var seen []ledger.Seen
	for _, city := range cities {
		good, bad, err := ledger.CheckWitnessed(e.ctx, d.In(city), n, known)
		if err != nil {
			return err
		}
		seen, sum.Findings, sum.Found = append(seen, good...), append(sum.Findings, bad...), sum.Found+int64(len(bad))
	}
	p.at("sums", 0, 0)
	for _, city := range cities {
		err := d.Snapshot(e.ctx, func(s *db.Snap) error {
			bad, err := measure.Check(e.ctx, s.In(city))
			if err != nil {
				return err
			}
			more, err := measure.CheckSplits(e.ctx, s.In(city), app.Splits())
			sums = append(append(sums, bad...), more...)
			return err
		})
		if err != nil {
			return err
		}
	}
	p.end()
	e.say("verify.seen", strconv.FormatInt(sum.Logs, 10), strconv.FormatInt(sum.Acts, 10), strconv.FormatInt(sum.Rows, 10), strconv.FormatInt(sum.Checkpoints, 10))
	if len(sum.Findings)+len(sums) > 0 {
		return c.report(e, sum, sums)
	}
	e.say("verify.good")
	if len(c.Public) == 0 && len(outside) == 0 {
		e.say("verify.own_word")
	}
	c.witnessed(e, sum.Logs, seen)
	if err := c.seconded(e, d, cities, n); err != nil {
		return err
	}
	if c.Save != "" {
		return c.save(e, d, cities, n)
	}
	return nil
}

// witnesses are those named on the line, or else those that the deployment knows.
func (c *verifyCmd) witnesses(e *env, d *db.DB) ([]ledger.Known, error) {
	if len(c.Witness) == 0 {
		return ledger.Witnesses(e.ctx, d)
	}
	var out []ledger.Known
	for _, k := range c.Witness {
		w, err := checkpoint.ParseWitness(k)
		if err != nil {
			return nil, usage("witness.key", k)
		}
		out = append(out, ledger.Known{Key: k, Place: w.Name})
	}
	return out, nil
}

// witnessed says who has countersigned how many logs, and up to when at least.
func (c *verifyCmd) witnessed(e *env, logs int64, seen []ledger.Seen) {
	type sum struct {
		logs   int64
		oldest time.Time
	}
	by := map[string]sum{}
	for _, s := range seen {
		x := by[s.Place]
		if x.logs++; x.logs == 1 || s.At.Before(x.oldest) {
			x.oldest = s.At
		}
		by[s.Place] = x
	}
	if len(by) == 0 {
		e.say("verify.unwitnessed")
	}
	for _, place := range slices.Sorted(maps.Keys(by)) {
		e.say("verify.witnessed", place, strconv.FormatInt(by[place].logs, 10), strconv.FormatInt(logs, 10), by[place].oldest.Format("2006-01-02 15:04"))
	}
}

// outside reads what was kept elsewhere. A key named on the line, or kept, counts instead of what the database says its
// keys are: whoever owns the database could have written that.
func (c *verifyCmd) outside(e *env, n *ledger.Notary) (map[id.ID][]string, error) {
	out := map[id.ID][]string{}
	trusted := c.Public
	for _, path := range c.Kept {
		b, err := c.fetch(e, path)
		if err != nil {
			return nil, err
		}
		k, err := kept(b)
		if err != nil {
			return nil, fault.New(fault.Invalid, "verify.kept", path).Because(err)
		}
		if n.Name != k.Name {
			return nil, fault.New(fault.Conflict, "verify.other", path)
		}
		if len(c.Public) == 0 {
			trusted = append(trusted, k.Publics...)
		}
		for _, note := range k.Checkpoints {
			origin := checkpoint.Origin(note)
			log, err := id.Parse(origin[strings.LastIndex(origin, "/")+1:])
			if err != nil {
				return nil, fault.New(fault.Invalid, "verify.kept", path)
			}
			out[log] = append(out[log], note)
		}
	}
	if len(trusted) > 0 {
		firsts, seconds := split(trusted)
		if len(firsts) > 0 {
			n.Publics = firsts
		}
		if len(seconds) > 0 {
			n.Seconds = seconds
		}
	}
	return out, nil
}

// split parts keys of second signatures from the others.
func split(publics []string) (firsts, seconds []string) {
	for _, p := range publics {
		if seal.IsSecond(p) {
			seconds = append(seconds, p)
		} else {
			firsts = append(firsts, p)
		}
	}
	return firsts, seconds
}

// seconded says how many logs' newest checkpoints carry the second signature as well, where there is a key for it.
func (c *verifyCmd) seconded(e *env, d *db.DB, cities []id.City, n ledger.Notary) error {
	if len(n.Seconds) == 0 {
		return nil
	}
	all, good := 0, 0
	for _, city := range cities {
		cs, err := ledger.Latest(e.ctx, d.In(city))
		if err != nil {
			return err
		}
		for _, x := range cs {
			if ok, err := n.Seconded(x.Log, x.Note); ok && err == nil {
				good++
			}
			all++
		}
	}
	if all > 0 {
		e.say("verify.seconded", strconv.Itoa(good), strconv.Itoa(all))
	}
	return nil
}

// kept reads checkpoints that were kept outside: those of a witness or of --save, or the one that a reporter's proof holds.
func kept(b []byte) (k witness.Kept, err error) {
	if !checkpoint.IsProof(string(b)) {
		return k, json.Unmarshal(b, &k)
	}
	p, err := checkpoint.ParseProof(string(b))
	if err != nil {
		return k, err
	}
	k.Checkpoints, k.Publics = []string{p.Note}, []string{p.Public}
	if parts := strings.Split(checkpoint.Origin(p.Note), "/"); len(parts) == 3 {
		k.Name = parts[1]
	}
	return k, nil
}

// fetch reads what was kept: a file, or the answer of a witness.
func (c *verifyCmd) fetch(e *env, path string) ([]byte, error) {
	if !strings.HasPrefix(path, "http://") && !strings.HasPrefix(path, "https://") {
		return os.ReadFile(path)
	}
	return witness.Fetch(e.ctx, path)
}

// report names what does not agree, the first entry of each log first.
func (c *verifyCmd) report(e *env, rep ledger.Report, sums []string) error {
	const most = 20
	for i, f := range rep.Findings {
		if i == most {
			e.say("verify.more", strconv.FormatInt(rep.Found-most, 10))
			break
		}
		what := locale.T(e.lang, "cli.finding."+f.What)
		if f.Seq < 0 {
			e.say("verify.row", f.Row, what)
		} else if f.Row != "" {
			e.say("verify.entry_row", f.Log.String(), strconv.FormatInt(f.Seq, 10), f.Row, what)
		} else {
			e.say("verify.entry", f.Log.String(), strconv.FormatInt(f.Seq, 10), what, f.Note)
		}
	}
	for _, s := range sums[:min(most, len(sums))] {
		e.say("verify.sum", s)
	}
	if len(sums) > most {
		e.say("verify.more", strconv.Itoa(len(sums)-most))
	}
	if f, ok := rep.First(); ok && f.Seq >= 0 {
		return fault.New(fault.Conflict, "verify.bad", f.Log.String(), strconv.FormatInt(f.Seq, 10))
	}
	return fault.New(fault.Conflict, "verify.bad_rows")
}

// save writes the newest checkpoint of every log to a file, for somebody else to keep.
func (c *verifyCmd) save(e *env, d *db.DB, cities []id.City, n ledger.Notary) error {
	k := witness.Kept{Deployment: witness.Deployment{Name: n.Name, Publics: slices.Clone(n.Publics)}}
	for _, city := range cities {
		cs, err := ledger.Latest(e.ctx, d.In(city))
		if err != nil {
			return err
		}
		for _, x := range cs {
			k.Checkpoints = append(k.Checkpoints, x.Note)
		}
	}
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Save, append(b, '\n'), 0o644); err != nil {
		return err
	}
	e.say("verify.saved", strconv.Itoa(len(k.Checkpoints)), c.Save)
	return nil
}
