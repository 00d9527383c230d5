package main

import (
	"strconv"

	"qianshao/internal/app"
	"qianshao/internal/platform/text"
)

type reindexCmd struct {
	database
}

// Run makes the search index anew while others work.
func (c *reindexCmd) Run(e *env) error {
	d, err := c.open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	p := e.progress()
	defer p.end()
	var texts int64
	if err := app.Reindex(e.ctx, d, func(n int64) { texts = n; p.at("reindex", n, 0) }); err != nil {
		return err
	}
	p.at("renew", 0, 0)
	if err := text.Renew(e.ctx, d); err != nil {
		return err
	}
	p.end()
	e.say("reindex.done", strconv.FormatInt(texts, 10))
	return nil
}
