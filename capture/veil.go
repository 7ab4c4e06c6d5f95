package capture

// A Veil makes parts of a frame black. It is called with the packed pixels of a whole
// frame, which it may write, from several goroutines at once.
type Veil func(pix []byte, t Target)

// Cover makes parts of every frame from the next one on black; nil: none. What the
// source sends is not changed.
func (c *Camera) Cover(v Veil) {
	if v == nil {
		c.veil.Store(nil)
		return
	}
	c.veil.Store(&v)
}

// covered returns the image with the veil over it.
func (c *Camera) covered(img Image) Image {
	if v := c.veil.Load(); v != nil {
		return veiled{img, *v}
	}
	return img
}

// veiled is an Image with parts that are black in everything it is converted to. The
// memory of the decoder, which it decodes further frames from, stays as it is.
type veiled struct {
	Image
	veil Veil
}

// Luma answers false: the decoder's plane shows everything.
func (veiled) Luma() (Luma, bool) { return Luma{}, false }

func (v veiled) Convert(dst []byte, t Target) error {
	if err := v.Image.Convert(dst, t); err != nil {
		return err
	}
	v.veil(dst, t)
	return nil
}
