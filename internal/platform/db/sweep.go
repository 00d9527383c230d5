package db

import "context"

// Sweep writes the database anew, so that nothing of what was changed or deleted is left in room that was freed: an engine
// leaves it there until the room is used again. It takes as long as a copy does, needs as much room again, and nobody else
// writes meanwhile. PostgreSQL's log, its archive and its standbys have copies of their own.
func (d *DB) Sweep(ctx context.Context) error {
	if d.Engine == Postgres {
		_, err := d.w.ExecContext(ctx, `VACUUM (FULL)`)
		return outage(err)
	}
	// The log as well: before, so that it is not counted twice; after, because the new pages went through it.
	for _, text := range []string{"PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if err := d.writer.alone(text); err != nil {
			return err
		}
	}
	return nil
}
