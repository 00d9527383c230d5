package main

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/app"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

type verifyCmd struct {
	database
	Public []string `placeholder:"KEY" help:"${help_public}"`
	Kept   []string `placeholder:"FILE" help:"${help_kept}"`
	Save   string   `placeholder:"FILE" help:"${help_save}"`
}

// kept is what verify --save writes and --kept reads: checkpoints to keep elsewhere, and the keys that signed them.
type kept struct {
	Deployment  string   `json:"deployment"`
	Publics     []string `json:"publics"`
	Checkpoints []string `json:"checkpoints"`
}

// Run checks every log, checkpoint, covered row and sum, and names the first entry that does not agree.
func (c *verifyCmd) Run(e *env) error {
	d, err := c.open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	n, err := ledger.LoadNotary(e.ctx, d)
	if err != nil {
		return err
	}
	outside, err := c.outside(&n)
	if err != nil {
		return err
	}
	cities, err := app.Tenants(e.ctx, d)
	if err != nil {
		return err
	}
	p := e.progress()
	defer p.end()
	var sum ledger.Report
	var sums []string
	for _, city := range cities {
		seen := sum.Acts
		rep, err := ledger.VerifyAgainst(e.ctx, d.In(city), app.Covered(), n.Check, outside, func(done int64) { p.at("logs", seen+done, 0) })
		if err != nil {
			return err
		}
		sum.Logs, sum.Acts, sum.Rows, sum.Checkpoints = sum.Logs+rep.Logs, sum.Acts+rep.Acts, sum.Rows+rep.Rows, sum.Checkpoints+rep.Checkpoints
		sum.Findings, sum.Found = append(sum.Findings, rep.Findings...), sum.Found+rep.Found
	}
	p.at("sums", 0, 0)
	for _, city := range cities {
		bad, err := measure.Check(e.ctx, d.In(city))
		if err != nil {
			return err
		}
		sums = append(sums, bad...)
		if bad, err = measure.CheckSplits(e.ctx, d.In(city), app.Splits()); err != nil {
			return err
		}
		sums = append(sums, bad...)
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
	e.say("verify.unwitnessed")
	if c.Save != "" {
		return c.save(e, d, cities, n)
	}
	return nil
}

// outside reads what was kept elsewhere. A key named on the line, or kept, counts instead of what the database says its
// keys are: whoever owns the database could have written that.
func (c *verifyCmd) outside(n *ledger.Notary) (map[id.ID][]string, error) {
	out := map[id.ID][]string{}
	trusted := c.Public
	for _, path := range c.Kept {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var k kept
		if err := json.Unmarshal(b, &k); err != nil {
			return nil, fault.New(fault.Invalid, "verify.kept", path).Because(err)
		}
		if n.Name != k.Deployment {
			return nil, fault.New(fault.Conflict, "verify.other", path)
		}
		if len(c.Public) == 0 {
			trusted = append(trusted, k.Publics...)
		}
		for _, note := range k.Checkpoints {
			origin, _, _ := strings.Cut(note, "\n")
			log, err := id.Parse(origin[strings.LastIndex(origin, "/")+1:])
			if err != nil {
				return nil, fault.New(fault.Invalid, "verify.kept", path)
			}
			out[log] = append(out[log], note)
		}
	}
	if len(trusted) > 0 {
		n.Publics = trusted
	}
	return out, nil
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
	k := kept{Deployment: n.Name, Publics: slices.Clone(n.Publics)}
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
