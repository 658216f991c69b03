/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Copying a directory tree by descriptors. The source may be hostile and may change meanwhile:
 * no link is followed, so nothing outside of it is read, and nothing but regular files is opened.
 */
#ifndef DAVIT_KERNEL_TREE_H
#define DAVIT_KERNEL_TREE_H

#include "base/util.h"

enum {
	TREE_NAME_SIZE = 256
};

/*
 * Copies what is in the directory @from into the empty directory @to (both open for reading, @to
 * seen by nobody else yet), and the attributes of @from itself: owner, mode, times, extended
 * attributes; links as links, device nodes, FIFOs and sockets as such, holes as holes. Hard links
 * become files of their own. Extended attributes that @to's file system does not take, or the
 * caller may not set, are left out. On error @ret_name is the name that it is about.
 * -ELOOP: more than 128 levels. The heap is not used, and little of the stack.
 */
int tree_copy(int from, int to, char ret_name[static TREE_NAME_SIZE]);

#endif
