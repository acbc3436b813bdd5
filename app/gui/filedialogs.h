// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/widgets/filedialogs.h"

#include <QString>

#include <functional>

class QWidget;

namespace moescope::gui {

/** A name for a file made of words, which need not be fit for one. */
QString fileNameOf(const QString& words, const QString& ending);

using ui::askForFileToRead;
using ui::askForFileToWrite;
/** For routing as int32 .npy, called after `title`. */
void askForRoutingFile(QWidget* parent, const QString& title, const std::function<void(const QString&)>& use);

} // namespace moescope::gui
