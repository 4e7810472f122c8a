"""What the tests need beside Python: private instances on free ports, gone when the tests are."""
