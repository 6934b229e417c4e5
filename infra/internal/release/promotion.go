package release

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// Promotion is how images reach an environment that runs none built from the
// checkout: they are taken over from another environment, where they ran before.
type Promotion struct {
	From string `yaml:"from"`
}

// PromotionFile is the path of the file whose presence makes an environment one
// that images are promoted to.
func PromotionFile(root, environment string) string {
	return filepath.Join(root, "environments", environment, "promotion.yaml")
}

// LoadPromotion reads how images reach an environment. Of one that runs what
// the checkout builds it returns false.
func LoadPromotion(root, environment string) (Promotion, bool, error) {
	file := PromotionFile(root, environment)
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return Promotion{}, false, nil
	}
	if err != nil {
		return Promotion{}, false, err
	}
	var promotion Promotion
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&promotion); err != nil {
		return Promotion{}, false, fmt.Errorf("%s: %w; it has one line, such as from: dev", file, err)
	}
	if promotion.From == "" || promotion.From == environment {
		return Promotion{}, false, fmt.Errorf("%s: from is %q; it names the environment that images come from", file, promotion.From)
	}
	return promotion, true, nil
}
