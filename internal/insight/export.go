package insight

import (
	"bytes"
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
)

// Export writes a report as a file that leaves the system, which is an act in the log of the actor's organ: whose
// report, over which days, in which format. Reading a page is none.
func (s *Service) Export(ctx context.Context, who access.Actor, rep *Report, format, lang string) ([]byte, error) {
	if !slices.Contains(Formats, format) {
		return nil, fault.InvalidField("as", "choice.unknown")
	}
	var b bytes.Buffer
	if err := Write(&b, format, rep, lang); err != nil {
		return nil, err
	}
	_, err := s.Ledger.Write(ctx, who, who.City, func(*ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "report.export", Organ: who.Unit().OrganID(), About: "unit/" + rep.Unit.ID.String(),
			Params: map[string]any{"from": string(rep.Period.From), "to": string(rep.Period.To), "as": format, "lang": lang}}, nil
	})
	return b.Bytes(), err
}
