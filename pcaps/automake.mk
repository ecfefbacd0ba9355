# Captures are many and small: they go along as folders.
dist-hook: dist-pcaps
dist-pcaps:
	cd $(srcdir) && tar -cf - %D% tests/fuzz/seeds tests/lab tests/bench tests/scripts tests/dissectors | (cd $(abs_builddir)/$(distdir) && tar -xf -)
