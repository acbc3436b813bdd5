// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"

namespace moescope::samples {

/** A model of the shape of the built-in one. */
trace::ModelInfo nano();
trace::ModelInfo olmoe();
QList<ui::ConversationRow> conversations();
/** Long, CJK and unbreakable titles. */
QList<ui::ConversationRow> oddConversations();
QList<ui::MessageView> answeringChat();
QList<ui::MessageView> finishedStory();
/** A prompt being read, an interrupted and a failed answer, odd texts. */
QList<ui::MessageView> states();

} // namespace moescope::samples
