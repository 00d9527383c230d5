package main

import (
	"bytes"
	"errors"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/bench"
	"qianshao/internal/calendar"
)

type benchCmd struct {
	Generate generateCmd `cmd:"" help:"${help_bench_generate}"`
	Run      measureCmd  `cmd:"" help:"${help_bench_run}"`
	Growth   growthCmd   `cmd:"" help:"${help_bench_growth}"`
}

type generateCmd struct {
	database
	Size  string `default:"city" enum:"county,city,province,nation" help:"${help_size}"`
	Clues int    `placeholder:"N" help:"${help_clues}"`
	Open  int    `placeholder:"N" help:"${help_open}"`
	Seed  uint64 `default:"1" help:"${help_seed}"`

	Profile string `placeholder:"FILE" help:"${help_generate_profile}"`
}

// Run makes a database to measure over, and says which of its log is real.
func (c *generateCmd) Run(e *env) error {
	p := e.progress()
	defer p.end()
	if c.Profile != "" {
		f, err := os.Create(c.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	m, err := bench.Generate(e.ctx, bench.Options{DB: c.DB, Size: c.Size, Clues: c.Clues, Open: c.Open, Seed: c.Seed, Today: calendar.InstantOf(time.Now()).Date(), Progress: p.at})
	p.end()
	if err != nil {
		return err
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	e.say("bench.made", m.Took.Round(time.Second).String(), strconv.Itoa(m.Cities), n(m.Units), n(m.People), n(m.Tipoffs), n(m.Clues), n(m.Cases), n(m.Slips), n(m.Clocks), n(m.Open))
	e.say("bench.log", n(m.Logs), n(m.Real), n(m.Acts), strconv.Itoa(bench.Whole), n(m.Rows))
	e.say("bench.logins", m.Password, strings.Join(m.Logins[:min(len(m.Logins), 40)], " "))
	return nil
}

type measureCmd struct {
	database
	What     []string      `placeholder:"PART" help:"${help_what}"`
	Requests int           `default:"200" help:"${help_requests}"`
	Duration time.Duration `default:"15m" help:"${help_duration}"`
	JSON     string        `name:"json" placeholder:"FILE" help:"${help_json}"`
	Profile  string        `placeholder:"DIR" help:"${help_profile}"`
}

// Run measures, and writes the figures as tables.
func (c *measureCmd) Run(e *env) error {
	p := e.progress()
	defer p.end()
	command := "qianshao bench run --requests " + strconv.Itoa(c.Requests) + " --duration " + c.Duration.String()
	if len(c.What) > 0 {
		command += " --what " + strings.Join(c.What, ",")
	}
	res, err := bench.Run(e.ctx, bench.RunOptions{DB: c.DB, What: c.What, Requests: c.Requests, Duration: c.Duration, Profile: c.Profile, Command: command, Progress: p.at,
		Line: func(f bench.Figure, path string) { p.say(f.Line(path)) }})
	p.end()
	res.Markdown(e.out) // what was measured before something failed is worth reading
	if c.JSON != "" {
		err = errors.Join(err, res.Save(c.JSON))
	}
	return err
}

type growthCmd struct {
	SVG   string   `name:"svg" placeholder:"FILE" help:"${help_svg}"`
	Files []string `arg:"" name:"file" help:"${help_results}"`
}

// Run puts saved runs of several sizes beside one another, as tables and as a chart an engine.
func (c *growthCmd) Run(e *env) error {
	runs, err := bench.ReadResults(c.Files)
	if err != nil {
		return err
	}
	for _, g := range bench.Compare(runs) {
		g.Markdown(e.out)
		if c.SVG == "" {
			continue
		}
		var b bytes.Buffer
		g.SVG(&b)
		if err := os.WriteFile(strings.TrimSuffix(c.SVG, ".svg")+"-"+strings.ToLower(g.Engine)+".svg", b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
