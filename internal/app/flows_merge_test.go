package app_test

import (
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestFlowsMergeOfWhatTookRepeatsIn: a tip-off that came back, or was refused and is looked at anew, may itself join
// another; whoever had joined it goes along, and is owed that one's answer.
func TestFlowsMergeOfWhatTookRepeatsIn(t *testing.T) {
	t.Parallel()
	run := func(refused bool) func(t *testing.T, d *db.DB) {
		return func(t *testing.T, d *db.DB) {
			w := &walk{drive(t, d), "full"}
			tip := w.letter(true)
			w.make(tip, "accept", nil)
			repeat := w.letter(true)
			w.make(repeat, "merge", vals{"main": {tip.Key}})
			w.make(child(t, w.World, tip, "clue"), "to_intake", nil)
			if refused {
				w.make(tip, "decline", nil)
				w.is(repeat, intake.ResultDue)
				w.make(tip, "reconsider", nil)
			}
			main, m := told(w, "no")
			w.make(tip, "merge", vals{"main": {main.Key}})
			for _, x := range []id.ID{tip, repeat} {
				detail, err := intake.Get(apptest.Ctx, w.read(x), x.Key)
				w.must(err)
				if got := w.Matter(x); got.Root != w.Matter(main).Root || detail.Main != main.Key || detail.Clue != m.Key {
					t.Errorf("%s went along as %+v, %+v", got.No, got, detail)
				}
			}
			w.make(m, "propose", vals{"disposal": {"close"}})
			w.make(m, "settle", nil)
			for _, x := range []id.ID{main, tip, repeat} {
				w.is(x, intake.ResultDue)
				w.make(x, "tell_result", nil)
			}
			w.Verify()
		}
	}
	t.Run("back", func(t *testing.T) { dbtest.Each(t, run(false)) })
	t.Run("refused", func(t *testing.T) { dbtest.Each(t, run(true)) })
}
