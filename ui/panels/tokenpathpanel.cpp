// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/tokenpathpanel.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"

namespace moescope::ui {

TokenPathPanel::TokenPathPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("token-path"), QStringLiteral("path"), tr("Token path"), {380, 200}, parent) {
    bind(trace, selection);
    m_path = new PathChart(trace, selection, this);
    m_rows = new TokenPathTable(trace, this);
    connect(this, &QDockWidget::visibilityChanged, this, &TokenPathPanel::probabilitiesWanted);
    setChart(m_path, m_rows);
}

void TokenPathPanel::refresh() {
    const TraceShape& shape = trace()->shape();
    const int token = selection()->state().token;
    m_rows->setToken(token);
    if (token >= 0 && token < trace()->tokenCount()) {
        Readout info = {{tr("token %1 ").arg(tokenNumber(token))},
                        {tokenLabel(trace()->token(token).text), ReadoutSpan::Mono, false}};
        if (shape.layers > 0) {
            info.append(
                {shape.layers == 1 ? tr(", 1 layer") : tr(", %1 layers").arg(shape.layers), ReadoutSpan::Plain, false});
        }
        setInfo(info);
    } else {
        setInfo({});
    }
    if (trace()->router(token) != nullptr) {
        setEmpty({}, {});
    } else if (shape.isValid() && shape.isDense()) {
        setEmpty(tr("No router in this model"),
                 tr("%1 is dense: the same weights work on every token.").arg(shape.model));
    } else if (token >= 0 && token < trace()->tokenCount()) {
        setEmpty(tr("No routing recorded"), tr("This token was kept without the choices of the routers."));
    } else if (trace()->isReadingPrompt()) {
        setEmpty(tr("Reading the prompt"), tr("The path of the first token appears with it."));
    } else {
        setEmpty(tr("No token selected"), tr("Click a word of an answer, or press Ctrl+Right."));
    }
}

int TokenPathPanel::selectedRow() const { return selection()->state().layer; }

void TokenPathPanel::selectRow(int row) {
    if (row != selectedRow()) {
        selection()->setLayer(row);
    }
}

} // namespace moescope::ui
