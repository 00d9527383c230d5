package db

import (
	"context"
	"sync/atomic"
)

// liteWriter is SQLite's one writing connection.
type liteWriter struct {
	turn chan struct{} // holds one token: whoever has it writes
	conn *liteConn

	commits atomic.Int64
}

func newLiteWriter(path string, settings []string) (*liteWriter, error) {
	conn, err := openLite(path, settings...)
	if err != nil {
		return nil, err
	}
	w := &liteWriter{turn: make(chan struct{}, 1), conn: conn}
	w.turn <- struct{}{}
	return w, nil
}

// alone runs a statement outside of any transaction.
func (w *liteWriter) alone(text string) error {
	<-w.turn
	defer func() { w.turn <- struct{}{} }()
	_, err := w.conn.exec(text, nil)
	return err
}

func (w *liteWriter) begin(ctx context.Context) (runner, error) {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if _, err := w.conn.exec("BEGIN IMMEDIATE", nil); err != nil {
		w.turn <- struct{}{}
		return nil, err
	}
	return w, nil
}

func (w *liteWriter) query(_ context.Context, text string, args []any) (*Rows, error) {
	return w.conn.query(text, args)
}

func (w *liteWriter) exec(_ context.Context, text string, args []any) (int64, error) {
	return w.conn.exec(text, args)
}

func (w *liteWriter) commit(context.Context) error {
	w.conn.shut()
	if _, err := w.conn.exec("COMMIT", nil); err != nil {
		w.rollback()
		return err
	}
	w.commits.Add(1)
	w.turn <- struct{}{}
	return nil
}

// rollback ends the transaction whatever state it is in; some errors (a full disk) have ended it already.
func (w *liteWriter) rollback() {
	w.conn.shut()
	_, _ = w.conn.exec("ROLLBACK", nil)
	w.turn <- struct{}{}
}

func (w *liteWriter) close() {
	<-w.turn
	w.conn.close()
}
