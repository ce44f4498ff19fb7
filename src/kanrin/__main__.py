"""`python -m kanrin`: the same as the command `kanrin`."""

from kanrin.app import main

if __name__ == "__main__":
    main()
