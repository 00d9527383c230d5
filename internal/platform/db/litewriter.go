package db

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
)

// liteWriter is SQLite's one writing connection. It begins and ends transactions itself instead of through
// database/sql, because statements prepared on a connection can then be used again and again; a statement that
// database/sql lends to its own transaction is prepared anew each time.
type liteWriter struct {
	turn chan struct{} // holds one token: whoever has it writes
	pool *sql.DB
	conn *sql.Conn
	st   map[string]*sql.Stmt

	commits atomic.Int64
}

func newLiteWriter(ctx context.Context, pool *sql.DB) (*liteWriter, error) {
	w := &liteWriter{turn: make(chan struct{}, 1), pool: pool, st: map[string]*sql.Stmt{}}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w.conn = conn
	w.turn <- struct{}{}
	return w, conn.PingContext(ctx)
}

func (w *liteWriter) begin(ctx context.Context) (runner, error) {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if _, err := w.exec(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		w.turn <- struct{}{}
		return nil, err
	}
	return w, nil
}

func (w *liteWriter) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := w.st[text]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(ctx, nameless(text))
	if err == nil && len(w.st) < maxStatements {
		w.st[text] = st
	}
	return st, err
}

var reMark = regexp.MustCompile(`\$\d+`)

// nameless writes parameters that stand once and in order as plain marks: the driver looks every name up, parameter by
// parameter.
func nameless(text string) string {
	n, plain := 0, true
	out := reMark.ReplaceAllStringFunc(text, func(m string) string {
		n++
		plain = plain && m == "$"+strconv.Itoa(n)
		return "?"
	})
	if !plain || strings.ContainsAny(text, "?'") {
		return text
	}
	return out
}

func (w *liteWriter) query(ctx context.Context, text string, args []any) (*Rows, error) {
	st, err := w.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (w *liteWriter) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	st, err := w.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (w *liteWriter) commit(ctx context.Context) error {
	_, err := w.exec(ctx, "COMMIT", nil)
	if err != nil {
		w.rollback()
		return err
	}
	w.commits.Add(1)
	w.turn <- struct{}{}
	return nil
}

// rollback ends the transaction whatever state it is in; some errors (a full disk) have ended it already.
func (w *liteWriter) rollback() {
	_, _ = w.exec(context.Background(), "ROLLBACK", nil)
	w.turn <- struct{}{}
}

func (w *liteWriter) close() {
	<-w.turn
	var errs error
	for _, st := range w.st {
		errs = errors.Join(errs, st.Close())
	}
	_ = errors.Join(errs, w.conn.Close()) // the pool is closed right after
}
