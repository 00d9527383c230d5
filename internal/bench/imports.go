package bench

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/sheet"
)

const (
	importRows    = 100_000
	askedImport   = 60 // s
	askedImportMB = 200
)

// imports takes a register of officials in through the use case that page and command line call: held against what is there,
// written, and sent again, when nothing is left to write. How far memory rose meanwhile is noted beside.
func (r *runner) imports() error {
	s, err := r.signIn("cityorg")
	if err != nil {
		return err
	}
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		path := filepath.Join(os.TempDir(), "qianshao-register."+string(f))
		if err := r.register(path, f, s.actor.City); err != nil {
			return err
		}
		for _, what := range []string{"held against what is there", "written", "sent again"} {
			if what == "written" && f == sheet.XLSX {
				continue // its rows are there
			}
			if err := r.taken(path, fmt.Sprintf("%d officials, %s: %s", importRows, f, what), s, what != "written"); err != nil {
				return err
			}
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) taken(path, what string, s *session, dry bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	was, busy := resident(), processor()
	return r.once("Import", what, askedImport, func() (string, error) {
		var rep exchange.Report
		rose, err := peak(func() (err error) {
			rep, err = r.app.Exchange.Import(r.ctx, access.ByOperator(s.actor.City), "officials", f, st.Size(), exchange.Options{DryRun: dry})
			return err
		})
		if err == nil && (!rep.Clean() || rep.Rows != importRows) {
			err = fault.New(fault.Invalid, "bench.none").Because(fmt.Errorf("%d rows, %v", rep.Rows, rep.Counts))
		}
		return fmt.Sprintf("memory rose by %.0f MB over %.0f (asked %d); %.1f s of processor", rose, was, askedImportMB, (processor() - busy).Seconds()), err
	})
}

// register writes a sheet of made people under the units of the city, in no order.
func (r *runner) register(path string, f sheet.Format, city id.City) error {
	codes, err := db.Column[string](r.ctx, r.app.DB.In(city), `SELECT u.code FROM units u WHERE u.city_id = $1 AND u.code <> '' AND u.closed_on = '' ORDER BY u.code`)
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	var head []string
	for _, c := range []string{"unit", "name", "post", "rank", "category", "party_member", "chief", "from", "official_no"} {
		head = append(head, exchange.ColumnName(locale.Zh, c))
	}
	w, err := sheet.NewWriter(out, f, "officials", head)
	if err != nil {
		return err
	}
	ranks, kinds := r.app.Rules.Ranks(), r.app.Rules.Terms("official_category", r.app.DB.Today())
	ranks = slices.DeleteFunc(slices.Clone(ranks), func(x rulebook.Rank) bool { return x.Code == "none" })
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(from string) string { rs := []rune(from); return string(rs[rnd.IntN(len(rs))]) }
	for i := range importRows {
		name := pick("王李张刘陈杨黄赵吴周徐孙马朱胡") + pick("建国志明秀英桂兰海波晓东永强") + pick("华军平红霞辉敏静超杰")
		row := []string{codes[rnd.IntN(len(codes))], name, "工作人员", ranks[rnd.IntN(len(ranks))].Name.Zh, kinds[rnd.IntN(len(kinds))].Name.Zh, "是", "否", "2024-03-01", "BM" + strconv.Itoa(i)}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	return w.Close()
}

// processor is the time both cores have given this process.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
