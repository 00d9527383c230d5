package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"qianshao/internal/locale"
)

// progress shows how far long work has come: a line that is rewritten on a terminal; elsewhere one line a stage, and every
// ten seconds one that says how far it is.
type progress struct {
	out   io.Writer
	lang  string
	live  bool
	stage string
	begun time.Time
	last  time.Time
	wide  int
}

func (e *env) progress() *progress {
	p := &progress{out: e.errs, lang: e.lang}
	if f, ok := e.errs.(*os.File); ok {
		st, err := f.Stat()
		p.live = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// at says that so much of a stage is done; total 0 means that nobody knows how much there is. A stage is named by its
// key under cli.stage.
func (p *progress) at(stage string, done, total int64) {
	if stage != p.stage {
		p.end()
		p.stage, p.begun = stage, time.Now()
		if !p.live {
			fmt.Fprintln(p.out, p.name())
			p.last = p.begun
		}
	}
	wait := 10 * time.Second
	if p.live {
		wait = 100 * time.Millisecond
	}
	if time.Since(p.last) < wait {
		return
	}
	p.last = time.Now()
	line := p.name()
	switch {
	case total > 0:
		line += fmt.Sprintf(" %d/%d", done, total)
	case done > 0:
		line += fmt.Sprintf(" %d", done)
	}
	if !p.live {
		fmt.Fprintf(p.out, "%s, %.0f s\n", line, time.Since(p.begun).Seconds())
		return
	}
	p.draw(line)
}

func (p *progress) name() string { return locale.First(p.lang, "cli.stage."+p.stage, p.stage) }

func (p *progress) draw(line string) {
	pad := max(0, p.wide-len(line))
	p.wide = len(line)
	fmt.Fprint(p.out, "\r"+line+strings.Repeat(" ", pad))
}

// end closes the line of the last stage.
func (p *progress) end() {
	switch {
	case p.stage == "":
	case p.live:
		p.draw(fmt.Sprintf("%s  %.1f s", p.name(), time.Since(p.begun).Seconds()))
		fmt.Fprintln(p.out)
	case time.Since(p.begun) >= time.Second:
		fmt.Fprintf(p.out, "%s  %.1f s\n", p.name(), time.Since(p.begun).Seconds())
	}
	p.stage, p.wide = "", 0
}

// say writes a whole line among the stages'.
func (p *progress) say(line string) {
	if p.live {
		p.draw(line)
		line = ""
	}
	fmt.Fprintln(p.out, line)
}
