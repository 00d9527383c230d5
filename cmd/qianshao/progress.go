package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"qianshao/internal/locale"
)

// progress shows how far long work has come: a line that is rewritten on a terminal, one line a stage elsewhere.
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
		}
	}
	if !p.live || time.Since(p.last) < 100*time.Millisecond {
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
	if p.stage != "" && p.live {
		p.draw(fmt.Sprintf("%s  %.1f s", p.name(), time.Since(p.begun).Seconds()))
		fmt.Fprintln(p.out)
	}
	p.stage, p.wide = "", 0
}
