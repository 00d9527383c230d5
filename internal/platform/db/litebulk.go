package db

import (
	"context"
	"strings"
)

// fillLite is Fill on SQLite, over a connection of its own: nobody else writes until it is done.
func (d *DB) fillLite(ctx context.Context, f *Filler, fn func(*Filler) error) error {
	select {
	case <-d.writer.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { d.writer.turn <- struct{}{} }()
	// Rows come in order: a page is left for good once it is full, and a cache for more than those that are being filled
	// would be memory to be taken and given back.
	b, err := openLite(strings.TrimPrefix(d.url, "sqlite:"), "journal_mode=OFF", "synchronous=OFF", "cache_size=-16000", "temp_store=memory")
	if err != nil {
		return err
	}
	defer b.close()
	if _, err := b.exec("BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	f.lite = b
	if err = fn(f); err == nil {
		err = f.Flush()
	}
	if err != nil {
		return err // what was written is not taken back: there is no journal to take it back from
	}
	_, err = b.exec("COMMIT", nil)
	return err
}
