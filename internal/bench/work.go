package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/demo"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

const (
	writers      = 32
	askedShare   = 0.25 // of the bare insert's rate
	steadyRate   = 50   // tip-offs a second
	askedSteady  = 15
	entryPart    = "A tip-off entered"
	steadyLength = 20 * time.Second
)

// clerk is somebody who enters tip-offs, and what about.
type clerk struct {
	who     access.Actor
	subject org.SubjectInput
}

// clerks are the intake clerks of the model city's counties, one a county: as many logs are written to.
func (r *runner) clerks() ([]clerk, error) {
	rd := r.app.DB.In(demo.City)
	counties, err := access.UnitsOf(r.ctx, rd, "", "county")
	if err != nil {
		return nil, err
	}
	var out []clerk
	for _, c := range counties {
		who, err := r.holder(c.ID.Key, "intake_clerk")
		if err != nil {
			return nil, err
		}
		towns, err := access.UnitsOf(r.ctx, rd, c.ID.Key, "township")
		if err != nil {
			return nil, err
		}
		out = append(out, clerk{who, official(towns[0].ID.Key)})
	}
	return out, nil
}

// holder is somebody who holds a post of the kind at a unit of the model city.
func (r *runner) holder(unit id.Key, kind string) (access.Actor, error) {
	rd := r.app.DB.In(demo.City)
	var person, holding id.Key
	err := rd.Row(r.ctx, `SELECT h.person_id, h.id FROM holdings h WHERE h.city_id = $1 AND h.unit_id = $2 AND h.kind = $3 AND h.to_on = '' ORDER BY h.id LIMIT 1`, unit, kind).Scan(&person, &holding)
	if err != nil {
		return access.Actor{}, err
	}
	return access.Load(r.ctx, rd, person, holding, r.app.DB.Today())
}

// official is somebody of a township whom entries speak of.
func official(town id.Key) org.SubjectInput {
	return org.SubjectInput{Unit: town, Name: "吴某某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true}
}

func (r *runner) enter(ctx context.Context, c clerk, n int64) error {
	_, err := r.app.Intake.Enter(ctx, c.who, intake.Entry{Subject: c.subject, Channel: "visit", Received: r.app.DB.Today(), Title: fmt.Sprintf("反映农业综合服务中心主任虚报管护费（%d）", n),
		Summary: "反映该主任虚报高标准农田管护费，数额不详，多名村民知情。", Discipline: "integrity"})
	return err
}

// crowd lets so many work for a time and counts what they did.
func crowd(ctx context.Context, n int, length time.Duration, do func(ctx context.Context, worker int, i int64) error) (took []time.Duration, rate float64, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	begun := time.Now()
	for w := range n {
		wg.Go(func() {
			var mine []time.Duration
			var failed error
			for i := int64(0); time.Since(begun) < length && ctx.Err() == nil; i++ {
				at := time.Now()
				if failed = do(ctx, w, i); failed != nil {
					break
				}
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			took = append(took, mine...)
			if err == nil {
				err = failed
			}
			mu.Unlock()
		})
	}
	wg.Wait()
	return took, float64(len(took)) / time.Since(begun).Seconds(), err
}

// entry measures how many tip-offs go in, beside single rows of the same engine with the same promise to the disk.
func (r *runner) entry() error {
	cs, err := r.clerks()
	if err != nil {
		return err
	}
	const length = 10 * time.Second
	bare, stop, err := r.bareTable()
	if err != nil {
		return err
	}
	defer stop()
	took, alone, err := crowd(r.ctx, writers, length, bare)
	if err != nil {
		return err
	}
	f := figure(entryPart, fmt.Sprintf("one bare row, %d writers", writers), "", took)
	f.Note = fmt.Sprintf("%.0f a second", alone)
	r.add(f)
	took, rate, err := crowd(r.ctx, writers, length, func(ctx context.Context, w int, i int64) error { return r.enter(ctx, cs[w%len(cs)], int64(w)<<32|i) })
	if err != nil {
		return err
	}
	f = figure(entryPart, fmt.Sprintf("whole, %d writers on %d logs", writers, len(cs)), "", took)
	f.Note = fmt.Sprintf("%.0f a second, %.2f of bare (asked %.2f)", rate, rate/alone, askedShare)
	f.Fits = rate >= askedShare*alone
	r.add(f)
	took, err = steady(r.ctx, steadyRate, steadyLength, func(ctx context.Context, i int64) error { return r.enter(ctx, cs[int(i)%len(cs)], -i) })
	if err != nil {
		return err
	}
	r.add(figure(entryPart, fmt.Sprintf("whole, %d a second", steadyRate), "", took).asked(askedSteady))
	return nil
}

// steady does something at a rate, each when its time has come and whatever became of the one before; a time begins when
// it should have begun.
func steady(ctx context.Context, rate float64, length time.Duration, do func(ctx context.Context, i int64) error) ([]time.Duration, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	begun := time.Now()
	for i := int64(0); ; i++ {
		due := begun.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if due.Sub(begun) >= length || ctx.Err() != nil {
			break
		}
		time.Sleep(time.Until(due))
		wg.Go(func() {
			err := do(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(due))
			if failed == nil {
				failed = err
			}
		})
	}
	wg.Wait()
	return took, failed
}

// bareTable is one row written and on disk, in a database of its own beside the one measured.
func (r *runner) bareTable() (do func(context.Context, int, int64) error, stop func(), err error) {
	d, done := r.app.DB, func() {}
	if path, ok := strings.CutPrefix(r.o.DB, "sqlite:"); ok {
		path = filepath.Join(filepath.Dir(path), "bare-row.db")
		if d, err = db.Open(r.ctx, "sqlite:"+path, db.Options{}); err != nil {
			return nil, nil, err
		}
		done = func() { _ = d.Close() }
	}
	for _, text := range []string{`DROP TABLE IF EXISTS bare_row`, `CREATE TABLE bare_row (id TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL, body TEXT NOT NULL)`} {
		if _, err := d.Raw().ExecContext(r.ctx, text); err != nil {
			done()
			return nil, nil, err
		}
	}
	return func(ctx context.Context, w int, i int64) error {
			return d.Write(ctx, 0, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO bare_row (id, n, body) VALUES ($1, $2, $3)`, tx.NewKey(), i, "反映该主任虚报高标准农田管护费，数额不详，多名村民知情。")
				return err
			})
		}, func() {
			_, _ = d.Raw().ExecContext(r.ctx, `DROP TABLE bare_row`) // it is in nobody's way
			done()
		}, nil
}
